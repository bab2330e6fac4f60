export { type CardExport, type CardResults, renderCard } from "./card.ts";
export { renderMadeCard } from "./made-card.ts";
export { type PlacedCard, placeCard } from "./place-card.ts";
export { readUserCard, type UserCard } from "./user-card.ts";
