import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertPreTrainedModel, RobertaConfig

CONFIG = BertConfig(
    vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20, max_position_embeddings=12
)


class Tagger(BertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.tags = nn.Linear(config.hidden_size, 2)
        self.post_init()

    def forward(self, input_ids, attention_mask=None):
        outputs = self.bert(input_ids, attention_mask=attention_mask, output_hidden_states=True)
        return self.tags(outputs[0]), torch.stack(outputs.hidden_states).mean(0)


class SentimentClassifier(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.bert = BertModel(CONFIG)
        self.tagger = Tagger(CONFIG)
        self.roberta = AutoModel.from_config(
            RobertaConfig(vocab_size=40, hidden_size=12, num_hidden_layers=1, num_attention_heads=2, intermediate_size=20, max_position_embeddings=14)
        )
        self.drop = nn.Dropout(p=0.3)
        self.out = nn.Linear(self.bert.config.hidden_size + self.roberta.config.hidden_size, n_classes)

    def forward(self, input_ids, attention_mask):
        outputs = self.bert(input_ids=input_ids, attention_mask=attention_mask)
        last, pooled = self.bert(input_ids, attention_mask=attention_mask, return_dict=False)
        x = self.roberta(input_ids, attention_mask)
        features = torch.cat([self.drop(outputs.pooler_output) + pooled, x["last_hidden_state"].mean(1)], 1)
        return self.out(features), self.tagger(input_ids, attention_mask), last[:, 0]


def main():
    tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
    model = SentimentClassifier(3)
    print(tokenizer, model)


if __name__ == "__main__":
    main()
