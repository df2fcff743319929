// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes and offsets that follow from a shape (codec/pyramid.py, codec/network.py).
#pragma once

#include "shape.hpp"
#include "simd.hpp"
#include "upsampling.hpp"
#include "residual.hpp"

namespace ijscc {
namespace {

constexpr int kLayers = 5;

struct Geometry {
    Shape shape;
    int heights[kMaximumLevels];
    int widths[kMaximumLevels];
    int joined[kMaximumLevels];            // maps of a level and of all coarser ones
    size_t offsets[kMaximumLevels + 1];    // of each level's reals
    int inputs;                            // of the synthesis module
    size_t weights[kLayers];               // offsets in the flat parameter vector
    size_t biases[kLayers];
    size_t kernel;
    size_t parameters;

    explicit Geometry(const Shape& from) : shape(from) {
        int height = shape.height, width = shape.width;
        offsets[0] = 0;
        for (int k = 0; k < shape.levels; ++k) {
            heights[k] = height;
            widths[k] = width;
            offsets[k + 1] = offsets[k] + static_cast<size_t>(shape.maps[k]) * height * width;
            height = (height + 1) / 2;
            width = (width + 1) / 2;
        }
        for (int k = shape.levels - 1, maps = 0; k >= 0; --k) joined[k] = maps += shape.maps[k];
        inputs = shape.noise_matrix ? 2 * joined[0] : joined[0];
        const int d = shape.hidden, c = shape.channels;
        const int taps = shape.residual_rows * kColumns;
        const int sizes[kLayers][2] = {{d * inputs, d}, {d * d, d}, {c * d, c},
                                       {c * c * taps, c}, {c * c * taps, c}};
        size_t at = 0;
        for (int layer = 0; layer < kLayers; ++layer) {
            weights[layer] = at;
            biases[layer] = at + sizes[layer][0];
            at = biases[layer] + sizes[layer][1];
        }
        kernel = at;
        parameters = at + static_cast<size_t>(shape.kernel_rows) * kTaps;
    }

    int levels() const { return shape.levels; }
    size_t reals() const { return offsets[shape.levels]; }
    // Maps that are upsampled from level k + 1 to level k.
    int upsampled(int k) const { return k + 1 < shape.levels ? joined[k + 1] : 0; }
    size_t samples() const {
        return static_cast<size_t>(shape.height) * shape.width * shape.channels;
    }
};

}  // namespace
}  // namespace ijscc
