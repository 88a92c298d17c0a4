import torch
import torch.nn.functional as F
from torch import nn


class Windows(nn.Module):
    """Convolutions in every way, pools, padding, resampling, normalisation."""

    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(4, 4, 4, padding="same", dilation=2)
        self.reflect = nn.Conv2d(4, 2, 3, padding=(1, 2), padding_mode="reflect")
        self.circular = nn.Conv1d(4, 3, 3, padding=2, padding_mode="circular", groups=1)
        self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.up1 = nn.ConvTranspose1d(4, 2, 5, stride=3, dilation=2)
        self.cube = nn.Conv3d(1, 2, (2, 3, 3), padding=(0, 1, 1))
        self.instance = nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
        self.response = nn.LocalResponseNorm(3)
        self.rms = nn.RMSNorm(8)
        self.group = nn.GroupNorm(2, 4)
        self.resize = nn.Upsample(scale_factor=1.5, mode="bilinear", align_corners=False)
        self.zero = nn.ZeroPad2d((1, 0, 2, 1))

    def forward(self, x):
        line, cube = x[:, :, 0], x[:, None]
        y = {}
        y["convs"] = self.same(x), self.reflect(x), self.circular(line), self.up(x), self.up(x, output_size=(11, 15)), self.up1(line), self.cube(cube), self.same(x[0])
        y["max"] = F.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2, ceil_mode=True), F.max_pool2d(x, 2, return_indices=True), F.max_pool1d(line, 3, dilation=2), F.max_pool3d(cube, 2)
        y["average"] = F.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), F.avg_pool1d(line, 2), F.avg_pool2d(x, 2, divisor_override=3), F.lp_pool2d(x.abs(), 2, 2)
        y["adaptive"] = F.adaptive_avg_pool2d(x, (3, None)), F.adaptive_avg_pool1d(line, 3), F.adaptive_max_pool2d(x, 2), F.adaptive_avg_pool2d(x[0], 1)
        y["pads"] = F.pad(x, (1, 2)), F.pad(x, (1, 1, 2, 0), value=0.5), F.pad(x, (2, 1, 1, 2), mode="reflect"), F.pad(x, (1, 1, 1, 1), mode="replicate"), F.pad(x, (-1, 0, 0, -2)), self.zero(x), F.pad(line, (2, 2), "circular")
        y["sizes"] = F.interpolate(x, scale_factor=2), F.interpolate(x, size=(5, 9), mode="bilinear"), F.interpolate(x, (4, 4), mode="bilinear", align_corners=True), F.interpolate(x, size=(9, 9), mode="bicubic"), self.resize(x), F.interpolate(line, 11, mode="linear"), F.interpolate(x, 3, mode="area"), F.interpolate(x, (5, 5), mode="nearest-exact")
        y["norms"] = self.instance(x), F.instance_norm(x), self.response(x), self.rms(x), self.group(x), F.layer_norm(x, (6, 8)), F.batch_norm(x, x.new_zeros(4), x.new_ones(4)), F.local_response_norm(x, 2)
        y["columns"] = F.unfold(x, 2), F.unfold(x, (3, 2), padding=1, stride=2), F.fold(F.unfold(x, 2), (6, 8), 2)
        theta = torch.tensor([[[0.8, 0.1, 0.0], [-0.2, 1.1, 0.3]]], dtype=x.dtype).repeat(x.size(0), 1, 1)
        grid = F.affine_grid(theta, (x.size(0), 4, 5, 5), align_corners=False)
        y["grids"] = grid, F.grid_sample(x, grid, align_corners=False), F.grid_sample(x, grid, mode="nearest", padding_mode="border", align_corners=True)
        return y
