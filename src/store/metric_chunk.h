#pragma once
// A row of metric points as bytes: by columns, so that they compress. Pure.
//
//   u8 version (1), 7 zero bytes, u64 count, then count × u8 flags, count × i64 time, count × i64 step, count × f64 number, then for each
//   point that is no number u32 length and JSON text. Times and steps as differences to the one before. All little-endian; the whole
//   compressed (compressed.h). Flags: 1 a step was given, 2 an integer, 4 no number.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/metric.h"

namespace muster::store {

std::string encode_chunk(std::span<const model::MetricPoint> points);
/// Appends the points. Every bit of a double survives. Throws StoreFailure when the bytes are damaged.
void decode_chunk(std::string_view bytes, std::vector<model::MetricPoint>& points);

}  // namespace muster::store
