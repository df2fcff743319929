// SPDX-License-Identifier: GPL-3.0-or-later
// What the two sides of the C interface share. Plain data only: this header is compiled once for
// every instruction set, and an inline function would let the linker pick any of the copies.
#pragma once

#include <cstdint>

namespace ijscc {

constexpr int kMaximumLevels = 8;
constexpr int kMaximumChannels = 64;

// Sizes of one source's decoder; engine/native.py mirrors it field by field.
struct Shape {
    int32_t height;
    int32_t width;
    int32_t channels;
    int32_t levels;
    int32_t hidden;         // d
    int32_t gelu;           // 0: ReLU
    int32_t kernel_rows;    // of ReDU: 8, or 1 for a source of one dimension
    int32_t residual_rows;  // of the residual layers: 3, or 1
    int32_t noise_matrix;   // whether M enters the synthesis module
    int32_t maps[kMaximumLevels];
};

// One training step's settings; engine/native.py mirrors it.
struct StepSettings {
    uint64_t noise_key;  // of this step's channel noise
    float symbols_rms;   // of a real symbol as transmitted
    float noise_std;     // per real; negative for the antithetic draw
    float filtered_variance;  // per real, that the receiver's filter leaves; negative: no filter
    int32_t filter_side;      // of the filter's neighbourhood, odd
    float loss_weight;
    float first_moment;
    float second_moment;
    float epsilon;
    float first_correction;   // 1 / (1 - beta_1^t)
    float second_correction;  // 1 / (1 - beta_2^t)
    float rates[kMaximumLevels];
};

class Pool;

// The entry points of one instruction set.
struct Kernels {
    const char* name;
    void* (*create)(const Shape&, Pool&);
    void (*destroy)(void*);
    bool (*prepare_training)(void*, const float* source);
    bool (*set_noise_matrix)(void*, const float* pyramid);
    void (*decode)(void*, const float* received, const float* parameters, float variance,
                   float filtered_variance, int filter_side, float* out);
    double (*gradient)(void*, const float* received, const float* parameters,
                       float* received_gradient, float* parameter_gradient);
    double (*step)(void*, const StepSettings&, float* symbols, float* first, float* second,
                   const float* parameters, float* parameter_gradient);
    void (*normals)(uint64_t key, int64_t count, float* out);
};

}  // namespace ijscc
