// A program over the rows of tensors: what `compiler/targets/tensorflow/rows/encode.ts` writes, and rows.cc runs.
//
// All tensors of a program are seen as `rows` rows of `columns` numbers. A value is full (a number for each place), one number
// for a row, one for a column, or one for all. Everything is computed in f32, a tile of some rows after the other, so that what
// lies between two instructions stays in the processor's cache.

#ifndef MEDCTC_KERNELS_PROGRAM_H_
#define MEDCTC_KERNELS_PROGRAM_H_

#include <cstdint>

namespace medctc {

enum class Type : int64_t { f32, bf16, boolean };

enum class Kind : int64_t { full, row, column, scalar };

// The numbers are those of `opcodes` in encode.ts.
enum class Opcode : int64_t {
  load,
  store,
  neg,
  exp,
  log,
  sqrt,
  rsqrt,
  abs,
  sign,
  erf,
  tanh,
  round_to_bf16,
  copy,
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  where,
  sum,
  max,
  softmax,
  count
};

constexpr int kMaxRank = 8;

// How a program finds a row of an input: where its rows do not follow each other, by a stride for each axis before the last.
struct Input {
  Type type;
  Kind kind;
  bool contiguous;
  int64_t rank;
  int64_t sizes[kMaxRank];
  int64_t strides[kMaxRank];
};

struct Output {
  Type type;
  Kind kind;
  int64_t rank;
  int64_t shape[kMaxRank];
};

// Where a value lies: in memory of its own, in that of an input or output, or among the constants.
enum class Place : int64_t { slot, input, output, constant };

struct Value {
  Kind kind;
  Place place;
  int64_t index;
};

struct Instruction {
  Opcode opcode;
  int64_t result;
  int64_t operands[3];
};

struct Program {
  int64_t rows, columns;
  // Whether a row has to be in a tile as a whole, as where it is summed.
  bool whole_rows;
  int64_t slots;
  int64_t input_count, output_count, value_count, instruction_count;
  Input* inputs;
  Output* outputs;
  Value* values;
  Instruction* instructions;
  const float* constants;
};

// What one thread does of a program: some of the tiles. `scratch` has room for the slots of one tile.
using RunTiles = void (*)(const Program& program, const void* const* inputs, void* const* outputs, int64_t from, int64_t to,
                          float* scratch);

// Tiles of a program, and how many numbers a slot has.
struct Tiling {
  int64_t tile_rows, tile_columns;
  int64_t across, count;
  int64_t slot_size;
};

inline Tiling TilingOf(const Program& program) {
  constexpr int64_t kTile = 1024;
  Tiling tiling;
  const bool cut = program.columns > kTile && !program.whole_rows;
  tiling.tile_columns = cut ? kTile : program.columns;
  tiling.tile_rows = program.columns >= kTile ? 1 : kTile / (program.columns < 1 ? 1 : program.columns);
  if (tiling.tile_rows > program.rows) tiling.tile_rows = program.rows < 1 ? 1 : program.rows;
  tiling.across = tiling.tile_columns < 1 ? 0 : (program.columns + tiling.tile_columns - 1) / tiling.tile_columns;
  tiling.count = tiling.across * ((program.rows + tiling.tile_rows - 1) / tiling.tile_rows);
  tiling.slot_size = (tiling.tile_rows * tiling.tile_columns + 15) / 16 * 16;
  return tiling;
}

}  // namespace medctc

#endif  // MEDCTC_KERNELS_PROGRAM_H_
