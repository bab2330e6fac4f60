export { type CardExport, type CardResults, renderCard } from "./card.ts";
export { placeCard } from "./place-card.ts";
export { readUserCard, type UserCard } from "./user-card.ts";
