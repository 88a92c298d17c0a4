import torch
from torch import nn

aten = torch.ops.aten


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.up = nn.ConvTranspose2d(2, 4, 3)
        self.norm = nn.BatchNorm2d(2)
        self.table = nn.Embedding(7, 3)
        self.lstm = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(6, 5, bias=False)
        self.rnn = nn.RNN(6, 5)
        self.cell = nn.LSTMCell(6, 5)

    def forward(self, x, ids):
        y = {}
        w, b = self.conv.weight, self.conv.bias
        y["conv2d"] = aten.conv2d.default(x, w, b, [2, 1], [1, 1])
        y["conv2d_padding"] = aten.conv2d.padding(x, w, b, [1, 1], "same")
        y["convolution"] = aten.convolution.default(x, w, b, [1, 1], [0, 0], [2, 1], False, [0, 0], 1)
        y["transposed"] = aten.convolution.default(x, self.up.weight, None, [2, 2], [1, 1], [1, 1], True, [1, 1], 1)
        y["_convolution"] = aten._convolution.default(x, w, b, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, False, False, True, True)
        n = self.norm
        stats = (n.running_mean, n.running_var)
        y["batch_norm"] = aten.batch_norm.default(x, n.weight, n.bias, *stats, False, 0.1, 1e-5, True)
        y["no_training"] = aten._native_batch_norm_legit_no_training.default(x, n.weight, n.bias, *stats, 0.1, 1e-5)[0]
        y["legit"] = aten._native_batch_norm_legit.no_stats(x, None, None, True, 0.1, 1e-5)
        y["functional"] = aten._native_batch_norm_legit_functional.default(x, n.weight, n.bias, *stats, True, 0.1, 1e-5)
        y["native_layer_norm"] = aten.native_layer_norm.default(x, [6, 6], None, None, 1e-5)
        y["layer_norm"] = aten.layer_norm.default(x, [6])
        y["native_group_norm"] = aten.native_group_norm.default(x, n.weight, n.bias, 2, 2, 36, 1, 1e-5)
        y["group_norm"] = aten.group_norm.default(x, 2, n.weight, n.bias)
        y["rms_norm"] = aten.rms_norm.default(x, [6])
        y["instance_norm"] = aten.instance_norm.default(x, n.weight, n.bias, None, None, True, 0.1, 1e-5, True)
        y["weight_norm"] = aten._weight_norm_interface.default(w, w[:, :1, :1, :1].abs(), 0)
        y["max_pool"] = aten.max_pool2d_with_indices.default(x, [2, 2], [], [1, 1])
        y["max_pool2d"] = aten.max_pool2d.default(x, [3, 2], [1, 2])
        y["avg_pool2d"] = aten.avg_pool2d.default(x, [2, 2], [], [1, 1], False, False)
        y["avg_pool1d"] = aten.avg_pool1d.default(x[0], [2])
        y["adaptive"] = aten._adaptive_avg_pool2d.default(x, [3, 2])
        y["adaptive_avg"] = aten.adaptive_avg_pool2d.default(x, [1, 1])
        y["adaptive_max"] = aten.adaptive_max_pool2d.default(x, [2, 3])
        pooled, places = aten.max_pool2d_with_indices.default(x, [2, 2])
        y["unpool"] = aten.max_unpool2d.default(pooled, places, [6, 6])
        y["nearest"] = aten.upsample_nearest2d.vec(x, [9, 4], None)
        y["nearest_factors"] = aten.upsample_nearest2d.vec(x, None, [2.0, 1.5])
        y["nearest_default"] = aten.upsample_nearest2d.default(x, [12, 9], 2.0, 1.5)
        y["exact"] = aten._upsample_nearest_exact2d.vec(x, None, [1.5, 2.0])
        y["bilinear"] = aten.upsample_bilinear2d.vec(x, [8, 5], True, None)
        y["bilinear_factors"] = aten.upsample_bilinear2d.default(x, [9, 9], False, 1.5, 1.5)
        y["bicubic"] = aten.upsample_bicubic2d.default(x, [4, 9], False)
        grid = x[:, :, :5, :5].permute(0, 2, 3, 1)
        y["grid"] = aten.grid_sampler_2d.default(x, grid, 0, 1, False)
        y["grid_sampler"] = aten.grid_sampler.default(x, grid, 1, 0, True)
        y["affine"] = aten.affine_grid_generator.default(x[:, 0, :2, :3], [2, 1, 3, 4], False)
        y["reflection"] = aten.reflection_pad2d.default(x, [1, 2, 0, 3])
        y["replication"] = aten.replication_pad1d.default(x[0], [2, 1])
        y["constant"] = aten.constant_pad_nd.default(x, [1, -1], 0.5)
        y["pad"] = aten.pad.default(x, [1, 1, 2, 0], "circular")
        y["im2col"] = aten.im2col.default(x, [2, 3], [1, 1], [0, 1], [2, 1])
        y["col2im"] = aten.col2im.default(y["im2col"], [6, 6], [2, 3], [1, 1], [0, 1], [2, 1])
        y["pixel_shuffle"] = aten.pixel_shuffle.default(y["conv2d"][:, :4], 2)
        y["embedding"] = aten.embedding.default(self.table.weight, ids)
        y["embedding_idx"] = aten.embedding.default(self.table.weight, ids, 0, False, False)
        y["bag"] = aten._embedding_bag.default(self.table.weight, ids.flatten(), torch.tensor([0, 3]), False, 1)[0]
        y["elu"] = aten.elu.default(x, 1.5, 1.05, 2.0)
        y["leaky"] = aten.leaky_relu_.default(x * 1.0, 0.2)
        y["hardtanh"] = aten.hardtanh_.default(x * 1.0, 0.0, 0.5)
        y["silu"] = aten.silu_.default(x * 1.0)
        y["gelu"] = aten.gelu.default(x, approximate="tanh")
        y["glu"] = aten.glu.default(x, 1)
        y["log_sigmoid"] = aten.log_sigmoid_forward.default(x)[0]
        y["prelu"] = aten._prelu_kernel.default(x, self.norm.weight.view(1, 2, 1, 1))
        y["softplus"] = aten.softplus.default(x, 2, 1)
        y["_softmax"] = aten._softmax.default(x, 1, False)
        y["_log_softmax"] = aten._log_softmax.default(x, -1, False)
        y["softmax"] = aten.softmax.int(x, 2, torch.float32)
        masked = x.masked_fill(x < 0.3, -torch.inf)
        y["safe"] = aten._safe_softmax.default(masked, -1)
        y["dropout"] = aten.dropout.default(x, 0.5, False)
        y["native_dropout"] = aten.native_dropout.default(x, 0.0, True)
        q = x.reshape(2, 2, 9, 4)
        y["attention"] = aten.scaled_dot_product_attention.default(q, q, q, None, 0.0, True)
        y["flash"] = aten._scaled_dot_product_flash_attention_for_cpu.default(q, q, q, 0.0, False, scale=0.3)[0]
        y["math"] = aten._scaled_dot_product_attention_math.default(q, q, q)[0]
        zeros = torch.zeros(4, 2, 5)
        seq = x[:, 0]
        y["lstm"] = aten.lstm.input(seq, [zeros, zeros], list(self.lstm.parameters()), True, 2, 0.0, False, True, True)
        y["gru"] = aten.gru.input(seq, zeros[:1, :1].expand(1, 6, 5), list(self.gru.parameters()), False, 1, 0.0, False, False, False)
        y["rnn"] = aten.rnn_tanh.input(seq, zeros[:1, :1].expand(1, 6, 5), list(self.rnn.parameters()), True, 1, 0.0, False, False, False)
        y["cell"] = aten.lstm_cell.default(seq[0], [zeros[0, :1].expand(6, 5)] * 2, *self.cell.parameters())
        y["linear"] = aten.linear.default(seq, self.rnn.weight_ih_l0)
        return y
