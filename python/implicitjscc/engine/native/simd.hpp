// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of IJSCC_LANES floats, and zeroed, aligned memory.
//
// Everything that is compiled once an instruction set lives in an unnamed namespace and uses no
// template of the standard library: code for AVX-512 must never be the copy that the linker keeps
// for a processor without it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace ijscc {
namespace {

constexpr int V = IJSCC_LANES;
// Accumulators of the matrix products: what fits 32 or 16 vector registers.
constexpr int kPixelVectors = V == 16 ? 4 : 2;
constexpr int kOutputs = V == 16 ? 6 : 4;
constexpr int kGradientInputs = V == 16 ? 4 : 2;
// Pixels that go through all layers together; their activations stay in the nearest cache.
constexpr int kChunk = 128;
// Floats before and behind each row: room for borders and for reading whole vectors.
constexpr int kMargin = 32;

static_assert(kChunk % (kPixelVectors * V) == 0, "chunks are whole groups of vectors");

typedef float Vector __attribute__((vector_size(4 * V)));
typedef float UnalignedVector __attribute__((vector_size(4 * V), aligned(4), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const UnalignedVector*>(from); }
inline void store(float* to, Vector value) { *reinterpret_cast<UnalignedVector*>(to) = value; }
inline Vector splat(float value) { return value - Vector{}; }
inline Vector positive_part(Vector value) { return value > 0.0f ? value : Vector{}; }
inline Vector where_positive(Vector of, Vector value) { return of > 0.0f ? value : Vector{}; }

inline float sum(Vector value) {
    float total = 0;
    for (int lane = 0; lane < V; ++lane) total += value[lane];
    return total;
}

inline int round_up(int value, int step) { return (value + step - 1) / step * step; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }
constexpr int larger(int a, int b) { return a > b ? a : b; }
inline int clamped(int value, int low, int high) { return larger(low, smaller(value, high)); }

// Zeroed floats. allocate() tells whether there was memory.
class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { std::free(data_); }

    bool allocate(size_t count) {
        std::free(data_);
        const size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
        data_ = static_cast<float*>(std::aligned_alloc(64, bytes ? bytes : 64));
        if (data_) std::memset(data_, 0, bytes);
        return data_ != nullptr;
    }
    float* data() const { return data_; }

private:
    float* data_ = nullptr;
};

// Maps of rows with margins on both sides.
class Plane {
public:
    bool allocate(int maps, int rows, int width) {
        rows_ = rows;
        stride_ = static_cast<size_t>(round_up(width, kChunk)) + 2 * kMargin;
        return buffer_.allocate(stride_ * static_cast<size_t>(maps) * static_cast<size_t>(rows));
    }
    float* row(int map, int row) const {
        return buffer_.data() + (static_cast<size_t>(map) * rows_ + row) * stride_ + kMargin;
    }

private:
    Buffer buffer_;
    size_t rows_ = 0;
    size_t stride_ = 0;
};

}  // namespace
}  // namespace ijscc
