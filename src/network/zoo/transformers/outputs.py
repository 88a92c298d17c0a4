"""transformers.modeling_outputs: the names of what forward returns, in their order."""

from zoo.transformers.base import ModelOutput

_ENCODER = "last_hidden_state hidden_states attentions"
_DECODER = "past_key_values decoder_hidden_states decoder_attentions cross_attentions encoder_last_hidden_state encoder_hidden_states encoder_attentions"
_OWN = {
    "BaseModelOutput": _ENCODER,
    "BaseModelOutputWithNoAttention": "last_hidden_state hidden_states",
    "BaseModelOutputWithPooling": "last_hidden_state pooler_output hidden_states attentions",
    "BaseModelOutputWithPoolingAndNoAttention": "last_hidden_state pooler_output hidden_states",
    "BaseModelOutputWithPast": "last_hidden_state past_key_values hidden_states attentions",
    "BaseModelOutputWithCrossAttentions": f"{_ENCODER} cross_attentions",
    "BaseModelOutputWithPoolingAndCrossAttentions": "last_hidden_state pooler_output hidden_states past_key_values attentions cross_attentions",
    "BaseModelOutputWithPastAndCrossAttentions": "last_hidden_state past_key_values hidden_states attentions cross_attentions",
    "Seq2SeqModelOutput": f"last_hidden_state {_DECODER}",
    "Seq2SeqLMOutput": f"loss logits {_DECODER}",
    "CausalLMOutput": "loss logits hidden_states attentions",
    "CausalLMOutputWithPast": "loss logits past_key_values hidden_states attentions",
    "CausalLMOutputWithCrossAttentions": "loss logits past_key_values hidden_states attentions cross_attentions",
    "MaskedLMOutput": "loss logits hidden_states attentions",
    "SequenceClassifierOutput": "loss logits hidden_states attentions",
    "SequenceClassifierOutputWithPast": "loss logits past_key_values hidden_states attentions",
    "MultipleChoiceModelOutput": "loss logits hidden_states attentions",
    "TokenClassifierOutput": "loss logits hidden_states attentions",
    "QuestionAnsweringModelOutput": "loss start_logits end_logits hidden_states attentions",
    "NextSentencePredictorOutput": "loss logits hidden_states attentions",
    "ImageClassifierOutput": "loss logits hidden_states attentions",
    "ImageClassifierOutputWithNoAttention": "loss logits hidden_states",
    "SemanticSegmenterOutput": "loss logits hidden_states attentions",
    "DepthEstimatorOutput": "loss predicted_depth hidden_states attentions",
    "BackboneOutput": "feature_maps hidden_states attentions",
    "CausalLMOutputWithNoAttention": "loss logits hidden_states",
    "XVectorOutput": "loss logits embeddings hidden_states attentions",
}

_made = {}


def __getattr__(name):
    if name not in _OWN:
        raise AttributeError(f"module 'transformers.modeling_outputs' has no attribute '{name}'")
    if name not in _made:
        _made[name] = type(name, (ModelOutput,), {"fields": tuple(_OWN[name].split())})
    return _made[name]
