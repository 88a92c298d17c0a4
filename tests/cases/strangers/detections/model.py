import torch
import torch.nn as nn
import torch.nn.functional as F

def box_iou(a, b):
    area = lambda x: (x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1])
    lt = torch.max(a[:, None, :2], b[:, :2])
    rb = torch.min(a[:, None, 2:], b[:, 2:])
    wh = (rb - lt).clamp(min=0)
    inter = wh[:, :, 0] * wh[:, :, 1]
    return inter / (area(a)[:, None] + area(b) - inter)

def nms(boxes, scores, thr):
    order = scores.sort(descending=True)[1]
    keep = []
    while order.numel() > 0:
        i = order[0]
        keep.append(i.item())
        if order.numel() == 1:
            break
        iou = box_iou(boxes[i][None], boxes[order[1:]])[0]
        order = order[1:][iou <= thr]
    return torch.tensor(keep, dtype=torch.long)

class TinyDetector(nn.Module):
    """ dataset: toy shapes. returns list of dicts like torchvision """
    def __init__(self, n_cls=2, score_thr=0.1):
        super().__init__()
        self.c = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.box = nn.Conv2d(8, 4, 1)
        self.cls = nn.Conv2d(8, n_cls, 1)
        self.score_thr = score_thr
    def forward(self, x):
        f = self.c(x).relu()
        b = self.box(f).flatten(2).transpose(1, 2)
        s = self.cls(f).flatten(2).transpose(1, 2).sigmoid()
        res = []
        for bi, si in zip(b, s):
            sc, lab = si.max(dim=1)
            m = sc > self.score_thr
            bx = torch.cat([bi[m][:, :2] - bi[m][:, 2:].exp(), bi[m][:, :2] + bi[m][:, 2:].exp()], 1)
            k = nms(bx, sc[m], 0.5)
            res.append({'boxes': bx[k], 'scores': sc[m][k], 'labels': lab[m][k]})
        return res
