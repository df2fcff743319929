// SPDX-License-Identifier: GPL-3.0-or-later
// The training's channel noise: normal variates of a counter and a key. No two ends share it, so
// speed counts here and not the published generator of prng.py.
#pragma once

#include "elementary.hpp"

namespace ijscc {
namespace {

constexpr int kNormalsInBlock = 128;

inline uint32_t mixed(uint32_t x) {  // a bijection of 32 bits with low bias (C. Wellons)
    x ^= x >> 16;
    x *= 0x21F0AAADu;
    x ^= x >> 15;
    x *= 0x735A2D97u;
    x ^= x >> 15;
    return x;
}

// 128 variates, unit variance; Box and Muller's transform of two uniform words.
inline void normal_block(uint64_t key, uint32_t block, float* out) {
    constexpr int kPairs = kNormalsInBlock / 2;
    const uint32_t low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
    for (int i = 0; i < kPairs; ++i) {
        const uint32_t counter = block * kPairs + static_cast<uint32_t>(i);
        const uint32_t first = mixed(mixed(counter ^ low) + high);
        const uint32_t second = mixed(mixed(counter + 0x9E3779B9u + high) ^ (low + 0x85EBCA6Bu));
        const float uniform = (static_cast<float>(first >> 8) + 0.5f) * 5.9604644775390625e-8f;
        const float radius = __builtin_sqrtf(-2.0f * logarithm(uniform));
        // An angle from -pi/4 to pi/4, and which quarter of the circle.
        const uint32_t quarter = second >> 30;
        const float a = (static_cast<float>((second & 0x3FFFFFFFu) >> 7) + 0.5f)
                * (1.57079632679489662f / 8388608.0f) - 0.78539816339744831f;
        const float a2 = a * a;
        const float sine = a + a * a2 * (-1.6666654611e-1f + a2 * (8.3321608736e-3f
                + a2 * -1.9515295891e-4f));
        const float cosine = 1.0f - 0.5f * a2 + a2 * a2 * (4.166664568298827e-2f
                + a2 * (-1.388731625493765e-3f + a2 * 2.443315711809948e-5f));
        const float x = (quarter & 1u) ? sine : cosine;
        const float y = (quarter & 1u) ? cosine : sine;
        out[i] = (quarter & 2u) ? -radius * x : radius * x;
        out[i + kPairs] = ((quarter + 1u) & 2u) ? -radius * y : radius * y;
    }
}

}  // namespace
}  // namespace ijscc
