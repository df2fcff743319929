// SPDX-License-Identifier: GPL-3.0-or-later
// The synthesis module over a band of rows, forward and backward in one sweep.
//
// The two residual layers couple a row to its neighbours, so that each stage runs a row behind the
// one before. Activations are kept for the few rows in between, in memory that stays in a core's
// second cache; nothing of full resolution is stored but what ReDU's adjoint needs.
#pragma once

#include "dense.hpp"
#include "elementary.hpp"
#include "geometry.hpp"
#include "redu.hpp"
#include "residual.hpp"

namespace ijscc {
namespace {

// Weights in the order in which the kernels read them, the same for all threads.
class PackedWeights {
public:
    explicit PackedWeights(const Geometry& geometry) : g_(geometry) {}

    bool allocate() {
        const int d = g_.shape.hidden, c = g_.shape.channels;
        const size_t taps = static_cast<size_t>(c) * c * g_.shape.residual_rows * kColumns;
        const int inputs[3] = {g_.inputs, d, d}, outputs[3] = {d, d, c};
        for (int layer = 0; layer < 3; ++layer)
            if (!forward_[layer].allocate(packed_size(inputs[layer], outputs[layer])) ||
                !backward_[layer].allocate(packed_size(outputs[layer], inputs[layer])))
                return false;
        for (int layer = 0; layer < 2; ++layer)
            if (!taps_[layer].allocate(taps) || !mirrored_[layer].allocate(taps)) return false;
        return true;
    }

    void set(const float* parameters) {
        parameters_ = parameters;
        const int d = g_.shape.hidden, c = g_.shape.channels, maps = g_.joined[0];
        const int inputs[3] = {g_.inputs, d, d}, outputs[3] = {d, d, c};
        for (int layer = 0; layer < 3; ++layer) {
            const float* w = parameters + g_.weights[layer];
            const int in = inputs[layer], out = outputs[layer];
            pack(w, in, out, in, 1, forward_[layer].data());
            // Nobody asks for the gradient at the noise matrix.
            pack(w, out, layer == 0 ? maps : in, 1, in, backward_[layer].data());
        }
        const int rows = g_.shape.residual_rows;
        for (int layer = 0; layer < 2; ++layer) {
            const float* w = parameters + g_.weights[3 + layer];
            for (int o = 0; o < c; ++o)
                for (int i = 0; i < c; ++i)
                    for (int dy = 0; dy < rows; ++dy)
                        for (int dx = 0; dx < kColumns; ++dx) {
                            const float value = *w++;
                            taps_[layer].data()[((i * rows + dy) * c + o) * kColumns + dx] = value;
                            mirrored_[layer].data()[((o * rows + dy) * c + i) * kColumns
                                                    + kColumns - 1 - dx] = value;
                        }
        }
    }

    const float* forward(int layer) const { return forward_[layer].data(); }
    const float* backward(int layer) const { return backward_[layer].data(); }
    const float* bias(int layer) const { return parameters_ + g_.biases[layer]; }
    const float* kernel() const { return parameters_ + g_.kernel; }
    // Of residual layer 0 or 1: from channel `from`, kernel row dy, to all outputs.
    const float* taps(int layer, int from, int dy) const { return at(taps_[layer], from, dy); }
    const float* mirrored(int layer, int from, int dy) const {
        return at(mirrored_[layer], from, dy);
    }

private:
    const float* at(const Buffer& buffer, int from, int dy) const {
        return buffer.data() +
               static_cast<size_t>(from * g_.shape.residual_rows + dy) * g_.shape.channels * kColumns;
    }

    const Geometry& g_;
    const float* parameters_ = nullptr;
    Buffer forward_[3], backward_[3], taps_[2], mirrored_[2];
};

class RowPass {
public:
    RowPass(const Geometry& geometry, const Redu& redu, const PackedWeights& weights,
            const Plane& noise)
        : g_(geometry), redu_(redu), weights_(weights), noise_(noise) {}

    bool allocate(bool training) {
        const int c = g_.shape.channels, d = g_.shape.hidden, width = g_.shape.width;
        chunks_ = round_up(width, kChunk) / kChunk;
        // Decoding reads no activation again.
        depth_ = training ? kHiddenRows : 1;
        const int terms = c * 3;
        bool good = upsampled_.allocate(larger(g_.upsampled(0), 1), depth_, width) &&
                    hidden_.allocate(static_cast<size_t>(depth_) * (training ? chunks_ : 1) * 2 * d *
                                     kChunk) &&
                    tile_.allocate(static_cast<size_t>(2 * d + larger(c, g_.inputs)) * kChunk) &&
                    terms_.allocate(terms * sizeof(ConvolutionTerm) / sizeof(float) + 16) &&
                    pointers_.allocate(larger(larger(g_.inputs, d), c) * 8) &&
                    sums_.allocate(g_.kernel * V) && totals_.allocate(2 * g_.kernel + 2);
        for (Plane* plane : {&first_, &second_, &out_, &second_gradient_, &first_inputs_,
                             &second_inputs_, &last_gradient_})
            good = good && plane->allocate(c, kRing, width);
        return good;
    }

    // Values of rows first .. last - 1 into out, shape (channels, height, width).
    void decode(int first, int last, float* out) {
        const int height = g_.shape.height, width = g_.shape.width;
        const int halo = reach();
        const int begin = larger(0, first - 2 * halo), end = smaller(height, last + 2 * halo);
        for (int t = begin; t < last + 2 * halo; ++t) {
            if (t < end) forward_row(t, false);
            const int second = t - halo, third = t - 2 * halo;
            if (second >= larger(0, first - halo) && second < smaller(height, last + halo))
                second_row(second);
            if (third >= first && third < last) {
                out_row(third);
                for (int c = 0; c < g_.shape.channels; ++c)
                    std::memcpy(out + (static_cast<size_t>(c) * height + third) * width,
                                at(out_, c, third), width * sizeof(float));
            }
        }
    }

    // Loss and gradients of rows first .. last - 1; source has the shape (channels, height, width).
    // Returns the sum of squared errors; scale is the loss's derivative over twice that sum's.
    double train(int first, int last, const float* source, float scale) {
        const int height = g_.shape.height, halo = reach();
        double loss = 0;
        clear_totals();
        if (first == last) return loss;
        const int begin = larger(0, first - 4 * halo);
        const int end = smaller(height, last + 4 * halo);
        for (int t = begin; t < last + 4 * halo; ++t) {
            if (t < end) forward_row(t, t >= first && t < last);
            const int second = t - halo, third = t - 2 * halo, fourth = t - 3 * halo,
                      fifth = t - 4 * halo;
            if (within(second, first, last, 3 * halo)) second_row(second);
            if (within(third, first, last, 2 * halo)) {
                out_row(third);
                const bool own = third >= first && third < last;
                const double error = loss_row(third, source, scale);
                if (own) {
                    loss += error;
                    residual_gradient(1, third, out_, second_);
                }
            }
            if (within(fourth, first, last, halo)) {
                second_backward(fourth);
                if (fourth >= first && fourth < last)
                    residual_gradient(0, fourth, second_gradient_, first_);
            }
            if (fifth >= first && fifth < last) {
                first_backward(fifth);
                synthesis_backward(fifth);
                if ((fifth - first) % kRowsBetweenSums == kRowsBetweenSums - 1) add_to_totals();
            }
        }
        add_to_totals();
        return loss;
    }

    // After train(): the gradient of the synthesis module's parameters, double.
    const double* totals() const { return reinterpret_cast<const double*>(totals_.data()); }

private:
    static constexpr int kHiddenRows = 5;  // from a row's forward stage to its backward stage
    static constexpr int kRing = 16;
    static constexpr int kRowsBetweenSums = 16;

    // Rows on each side that a residual layer sees.
    int reach() const { return g_.shape.residual_rows / 2; }
    bool within(int row, int first, int last, int halo) const {
        return row >= larger(0, first - halo) && row < smaller(g_.shape.height, last + halo);
    }
    static float* at(const Plane& plane, int channel, int row) {
        return plane.row(channel, row & (kRing - 1));
    }
    float* hidden(int row, int chunk) const {
        const size_t index = depth_ == 1 ? 0
                                         : static_cast<size_t>(row % depth_) * chunks_ + chunk;
        return hidden_.data() + index * 2 * g_.shape.hidden * kChunk;
    }
    float* upsampled(int map, int row) const { return upsampled_.row(map, row % depth_); }

    // Pointers to the rows that enter the synthesis module, from pixel `pixel` on.
    const float** inputs(int row, int pixel) const {
        const float** to = pointers();
        int i = 0;
        for (int m = 0; m < g_.shape.maps[0]; ++m) to[i++] = redu_.row(0, m, row) + pixel;
        for (int m = 0; m < g_.upsampled(0); ++m) to[i++] = upsampled(m, row) + pixel;
        if (g_.shape.noise_matrix)
            for (int m = 0; m < g_.joined[0]; ++m) to[i++] = noise_.row(m, row) + pixel;
        return to;
    }
    const float** channels(const float* chunk, int count) const {
        const float** to = pointers();
        for (int i = 0; i < count; ++i) to[i] = chunk + i * kChunk;
        return to;
    }
    const float** pointers() const { return reinterpret_cast<const float**>(pointers_.data()); }
    ConvolutionTerm* terms() const { return reinterpret_cast<ConvolutionTerm*>(terms_.data()); }

    void forward_row(int row, bool keep) {
        const int c = g_.shape.channels, d = g_.shape.hidden, width = g_.shape.width;
        const bool smooth = g_.shape.gelu;
        for (int m = 0; m < g_.upsampled(0); ++m)
            redu_.upsample(0, m, row, weights_.kernel(), upsampled(m, row));
        float* scratch = tile_.data();
        for (int chunk = 0; chunk < chunks_; ++chunk) {
            float* first = keep || depth_ == 1 ? hidden(row, chunk) : scratch;
            float* second = first + d * kChunk;
            float* image = scratch + 2 * d * kChunk;
            const float** in = inputs(row, chunk * kChunk);
            if (smooth) {
                dense(in, g_.inputs, d, weights_.forward(0), weights_.bias(0), first);
                activate(first, d, scratch);
                dense(channels(scratch, d), d, d, weights_.forward(1), weights_.bias(1), second);
                activate(second, d, scratch);
                dense(channels(scratch, d), d, c, weights_.forward(2), weights_.bias(2), image);
                for (int i = 0; i < c; ++i)
                    std::memcpy(at(first_inputs_, i, row) + chunk * kChunk, image + i * kChunk,
                                kChunk * sizeof(float));
                gelu(image, c * kChunk);
            } else {
                dense_relu(in, g_.inputs, d, weights_.forward(0), weights_.bias(0), first);
                dense_relu(channels(first, d), d, d, weights_.forward(1), weights_.bias(1), second);
                dense_relu(channels(second, d), d, c, weights_.forward(2), weights_.bias(2), image);
            }
            for (int i = 0; i < c; ++i)
                std::memcpy(at(first_, i, row) + chunk * kChunk, image + i * kChunk,
                            kChunk * sizeof(float));
        }
        for (int i = 0; i < c; ++i) replicate_columns(at(first_, i, row), width);
    }

    void activate(const float* inputs, int count, float* out) const {
        if (out != inputs) std::memcpy(out, inputs, static_cast<size_t>(count) * kChunk * sizeof(float));
        gelu(out, count * kChunk);
    }

    // to = from + layer(from) in row `row`.
    void residual_row(int layer, int row, const Plane& from, const Plane& to) {
        const int c = g_.shape.channels, rows = g_.shape.residual_rows;
        const int width = round_up(g_.shape.width, kPixelVectors * V);
        ConvolutionTerm* term = terms();
        int count = 0;
        for (int i = 0; i < c; ++i)
            for (int dy = 0; dy < rows; ++dy)
                term[count++] = {at(from, i, neighbour(row, dy)), weights_.taps(layer, i, dy)};
        float* out[kMaximumChannels];
        for (int o = 0; o < c; ++o) {
            out[o] = at(to, o, row);
            const float* in = at(from, o, row);
            const float bias = weights_.bias(3 + layer)[o];
            for (int i = 0; i < width; ++i) out[o][i] = in[i] + bias;
        }
        convolve_row(term, count, c, out, width);
    }

    int neighbour(int row, int dy) const {
        return clamped(row + dy - reach(), 0, g_.shape.height - 1);
    }

    void second_row(int row) {
        const int width = g_.shape.width, end = round_up(width, kPixelVectors * V);
        residual_row(0, row, first_, second_);
        for (int o = 0; o < g_.shape.channels; ++o) {
            float* values = at(second_, o, row);
            if (g_.shape.gelu) {
                std::memcpy(at(second_inputs_, o, row), values, end * sizeof(float));
                gelu(values, end);
            } else {
                for (int i = 0; i < end; i += V) store(values + i, positive_part(load(values + i)));
            }
            replicate_columns(values, width);
        }
    }

    void out_row(int row) { residual_row(1, row, second_, out_); }

    // Turns the output's row into the loss's gradient; returns the sum of squared errors.
    double loss_row(int row, const float* source, float scale) {
        const int height = g_.shape.height, width = g_.shape.width;
        double total = 0;
        for (int c = 0; c < g_.shape.channels; ++c) {
            float* values = at(out_, c, row);
            const float* wanted = source + (static_cast<size_t>(c) * height + row) * width;
            Vector squares = {};
            int i = 0;
            for (; i + V <= width; i += V) {
                const Vector error = load(values + i) - load(wanted + i);
                squares += error * error;
                store(values + i, scale * error);
            }
            double rest = 0;
            for (; i < width; ++i) {
                const float error = values[i] - wanted[i];
                rest += static_cast<double>(error) * error;
                values[i] = scale * error;
            }
            total += rest;
            for (int lane = 0; lane < V; ++lane) total += squares[lane];
            clear_behind(values, width);
            values[-1] = 0;
        }
        return total;
    }

    // gradient of the layer's input = from + layer's adjoint of from, in row `row`.
    void residual_backward(int layer, int row, const Plane& from, const Plane& to) {
        const int c = g_.shape.channels, rows = g_.shape.residual_rows, height = g_.shape.height;
        const int width = g_.shape.width, whole = round_up(width, kPixelVectors * V);
        ConvolutionTerm* term = terms();
        int count = 0;
        for (int q = larger(0, row - reach()); q <= smaller(height - 1, row + reach()); ++q)
            for (int dy = 0; dy < rows; ++dy)
                if (neighbour(q, dy) == row)
                    for (int o = 0; o < c; ++o)
                        term[count++] = {at(from, o, q), weights_.mirrored(layer, o, dy)};
        float* out[kMaximumChannels];
        for (int i = 0; i < c; ++i) {
            out[i] = at(to, i, row);
            std::memcpy(out[i], at(from, i, row), whole * sizeof(float));
        }
        convolve_row(term, count, c, out, whole);
        fold_columns(term, count, c, out, width);
    }

    void through_activation(const Plane& gradient, const Plane& values, const Plane& inputs,
                            int row) const {
        const int width = g_.shape.width, whole = round_up(width, kPixelVectors * V);
        for (int i = 0; i < g_.shape.channels; ++i) {
            float* to = at(gradient, i, row);
            if (g_.shape.gelu) {
                gelu_backward(at(inputs, i, row), to, whole);
            } else {
                const float* value = at(values, i, row);
                for (int x = 0; x < whole; x += V)
                    store(to + x, where_positive(load(value + x), load(to + x)));
            }
            clear_behind(to, width);
            to[-1] = 0;
        }
    }

    void second_backward(int row) {
        residual_backward(1, row, out_, second_gradient_);
        through_activation(second_gradient_, second_, second_inputs_, row);
    }

    void first_backward(int row) {
        residual_backward(0, row, second_gradient_, last_gradient_);
        through_activation(last_gradient_, first_, first_inputs_, row);
    }

    void residual_gradient(int layer, int row, const Plane& gradient, const Plane& values) {
        const int c = g_.shape.channels, rows = g_.shape.residual_rows, width = g_.shape.width;
        float* weights = sums_.data() + g_.weights[3 + layer] * V;
        float* biases = sums_.data() + g_.biases[3 + layer] * V;
        const size_t step = static_cast<size_t>(c) * rows * kColumns * V;
        const float* from[kMaximumChannels];
        for (int o = 0; o < c; ++o) from[o] = at(gradient, o, row);
        for (int i = 0; i < c; ++i)
            for (int dy = 0; dy < rows; ++dy, weights += kColumns * V)
                convolution_gradient(from, c, at(values, i, neighbour(row, dy)), width, weights,
                                     step);
        for (int o = 0; o < c; ++o) {
            Vector total = load(biases + o * V);
            for (int x = 0; x < width; x += V) total += load(from[o] + x);
            store(biases + o * V, total);
        }
    }

    void synthesis_backward(int row) {
        const int c = g_.shape.channels, d = g_.shape.hidden, width = g_.shape.width;
        const int maps = g_.joined[0], own = g_.shape.maps[0];
        const bool smooth = g_.shape.gelu;
        float* sums = sums_.data();
        float* gradient = tile_.data();           // of a hidden layer, kept for its weights
        float* other = gradient + d * kChunk;     // of the layer before
        float* image = gradient + 2 * d * kChunk; // of the three output maps, then of U
        for (int chunk = 0; chunk < chunks_; ++chunk) {
            const int pixel = chunk * kChunk;
            const float* first = hidden(row, chunk);
            const float* second = first + d * kChunk;
            for (int i = 0; i < c; ++i)
                std::memcpy(image + i * kChunk, at(last_gradient_, i, row) + pixel,
                            kChunk * sizeof(float));
            const float* values = second;
            if (smooth) {
                activate(second, d, other);
                values = other;
            }
            weight_gradient(image, c, channels(values, d), d, sums + g_.weights[2] * V);
            bias_gradient(image, c, sums + g_.biases[2] * V);
            dense_backward(channels(image, c), c, d, weights_.backward(2),
                           smooth ? nullptr : second, gradient);
            if (smooth) {
                gelu_backward(second, gradient, d * kChunk);
                activate(first, d, other);
                values = other;
            } else {
                values = first;
            }
            weight_gradient(gradient, d, channels(values, d), d, sums + g_.weights[1] * V);
            bias_gradient(gradient, d, sums + g_.biases[1] * V);
            dense_backward(channels(gradient, d), d, d, weights_.backward(1),
                           smooth ? nullptr : first, other);
            if (smooth) gelu_backward(first, other, d * kChunk);
            weight_gradient(other, d, inputs(row, pixel), g_.inputs, sums + g_.weights[0] * V);
            bias_gradient(other, d, sums + g_.biases[0] * V);
            dense_backward(channels(other, d), d, maps, weights_.backward(0), nullptr, image);
            const int count = smaller(kChunk, width - pixel);
            for (int m = 0; m < own; ++m)
                std::memcpy(redu_.own_gradient(0, m, row) + pixel, image + m * kChunk,
                            count * sizeof(float));
            const SplitPlane& split = redu_.upsampled_gradient(0);
            for (int m = own; m < maps; ++m)
                split_columns(image + m * kChunk, count, split.even(m - own, row) + pixel / 2,
                              split.odd_offset());
        }
    }

    void clear_totals() {
        std::memset(sums_.data(), 0, g_.kernel * V * sizeof(float));
        std::memset(totals_.data(), 0, g_.kernel * sizeof(double));
    }

    // Sums of a few rows in float, of all of them in double.
    void add_to_totals() {
        double* totals = reinterpret_cast<double*>(totals_.data());
        float* sums = sums_.data();
        for (size_t i = 0; i < g_.kernel; ++i) {
            double total = 0;
            for (int lane = 0; lane < V; ++lane) total += sums[i * V + lane];
            totals[i] += total;
        }
        std::memset(sums, 0, g_.kernel * V * sizeof(float));
    }

    const Geometry& g_;
    const Redu& redu_;
    const PackedWeights& weights_;
    const Plane& noise_;
    int chunks_ = 0;
    int depth_ = 1;
    Plane upsampled_;                      // ReDU's last stage, one row a ring slot
    Buffer hidden_;                        // both hidden layers
    Plane first_, first_inputs_;           // after the third 1x1 layer, and before its activation
    Plane second_, second_inputs_;         // after the first residual layer, and before
    Plane out_;                            // after the second one; in training its gradient
    Plane second_gradient_, last_gradient_;
    Buffer tile_, terms_, pointers_;
    Buffer sums_, totals_;
};

}  // namespace
}  // namespace ijscc
