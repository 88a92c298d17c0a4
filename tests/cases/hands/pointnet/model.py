import torch
import torch.nn as nn
import torch.nn.functional as F


class Tnet(nn.Module):
   def __init__(self, k=3):
      super().__init__()
      self.k=k
      self.conv1 = nn.Conv1d(k,8,1)
      self.conv2 = nn.Conv1d(8,12,1)
      self.fc1 = nn.Linear(12,10)
      self.fc2 = nn.Linear(10,k*k)

      self.bn1 = nn.BatchNorm1d(8)
      self.bn2 = nn.BatchNorm1d(12)
      self.bn3 = nn.BatchNorm1d(10)


   def forward(self, input):
      # input.shape == (bs,n,3)
      bs = input.size(0)
      xb = F.relu(self.bn1(self.conv1(input)))
      xb = F.relu(self.bn2(self.conv2(xb)))
      pool = nn.MaxPool1d(xb.size(-1))(xb)
      flat = nn.Flatten(1)(pool)
      xb = F.relu(self.bn3(self.fc1(flat)))

      #initialize as identity
      init = torch.eye(self.k, requires_grad=True).repeat(bs,1,1)
      if xb.is_cuda:
        init=init.cuda()
      matrix = self.fc2(xb).view(-1,self.k,self.k) + init
      return matrix


class Transform(nn.Module):
   def __init__(self):
        super().__init__()
        self.input_transform = Tnet(k=3)
        self.feature_transform = Tnet(k=6)
        self.conv1 = nn.Conv1d(3,6,1)
        self.conv2 = nn.Conv1d(6,14,1)

        self.bn1 = nn.BatchNorm1d(6)
        self.bn2 = nn.BatchNorm1d(14)

   def forward(self, input):
        matrix3x3 = self.input_transform(input)
        # batch matrix multiplication
        xb = torch.bmm(torch.transpose(input,1,2), matrix3x3).transpose(1,2)

        xb = F.relu(self.bn1(self.conv1(xb)))

        matrix64x64 = self.feature_transform(xb)
        xb = torch.bmm(torch.transpose(xb,1,2), matrix64x64).transpose(1,2)

        xb = self.bn2(self.conv2(xb))
        xb = nn.MaxPool1d(xb.size(-1))(xb)
        output = nn.Flatten(1)(xb)
        return output, matrix3x3, matrix64x64

class PointNet(nn.Module):
    def __init__(self, classes = 10):
        super().__init__()
        self.transform = Transform()
        self.fc1 = nn.Linear(14, 9)
        self.fc3 = nn.Linear(9, classes)
        self.bn1 = nn.BatchNorm1d(9)
        self.dropout = nn.Dropout(p=0.3)
        self.logsoftmax = nn.LogSoftmax(dim=1)

    def forward(self, input):
        xb, matrix3x3, matrix64x64 = self.transform(input)
        xb = F.relu(self.bn1(self.fc1(xb)))
        output = self.fc3(self.dropout(xb))
        return self.logsoftmax(output), matrix3x3, matrix64x64
