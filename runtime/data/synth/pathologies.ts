/** The classes of CT-RATE's tables of labels, in the order of their columns. */
export const pathologies = [
  "Medical material",
  "Arterial wall calcification",
  "Cardiomegaly",
  "Pericardial effusion",
  "Coronary artery wall calcification",
  "Hiatal hernia",
  "Lymphadenopathy",
  "Emphysema",
  "Atelectasis",
  "Lung nodule",
  "Lung opacity",
  "Pulmonary fibrotic sequela",
  "Pleural effusion",
  "Mosaic attenuation pattern",
  "Peribronchial thickening",
  "Consolidation",
  "Bronchiectasis",
  "Interlobular septal thickening",
] as const;

export type Pathology = (typeof pathologies)[number];
