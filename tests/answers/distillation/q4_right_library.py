# transformers builds the model and torch counts
import torch
from transformers import LlamaConfig, LlamaForCausalLM


def parameters(config):
    with torch.device("meta"):
        return LlamaForCausalLM(LlamaConfig(**config)).num_parameters()
