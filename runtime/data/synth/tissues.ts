/** Hounsfield units of what a chest is made of. */
export const tissues = {
  air: -1000,
  emphysema: -978,
  table: -350,
  fat: -100,
  fluid: 8,
  skin: 15,
  mediastinum: 20,
  solidLung: 40,
  stomach: 40,
  blood: 48,
  muscle: 50,
  liver: 60,
  disc: 90,
  marrow: 180,
  rib: 380,
  metal: 2900,
} as const;
