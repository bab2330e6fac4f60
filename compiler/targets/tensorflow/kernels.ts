/** Operations of our own, as a TensorFlow knows them that runs a graph; others have none of them. */
export interface OwnKernels {
  readonly rows: RowPrograms;
  readonly products: OwnProducts;
}

/** `MedctcRows`, into which operations on the rows of tensors of at least that many elements are joined. */
export type RowPrograms = "none" | { readonly from: number };

/** `MedctcProduct`, for products of matrices with at least that many multiplications. */
export type OwnProducts = "none" | { readonly from: number };

/** Smaller ones are not worth an operation of our own. */
export const ownKernels: OwnKernels = { rows: { from: 4096 }, products: { from: 32_768 } };

export const noKernels: OwnKernels = { rows: "none", products: "none" };
