"""The tokenizer of `tool_user` and its chat template, which lays a conversation with tools out as text."""

import random
from functools import cache

from transformers import PreTrainedTokenizerFast

from aigc_course.tool_use import TAGS
from aigc_course.train.bpe import train_tokenizer
from aigc_course.train.tool_texts import training, turns

CONTEXT = 512  # tokens
VOCABULARY = 1700  # with 1400, the days of the week fall apart into bytes
# the template of the bundled model: the question itself, then turns of the model, each ended, and results
TEMPLATE = """
{{- bos_token }}
{%- for message in messages %}
    {%- if message.role == "tool" %}
        {{- "<tool_response>" + message.content + "</tool_response>" }}
    {%- elif message.role == "assistant" %}
        {{- message.content or "" }}
        {%- for call in message.tool_calls or [] %}
            {%- set arguments = call.function.arguments %}
            {{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' }}
            {{- arguments if arguments is string else arguments | tojson }}
            {{- "}</tool_call>" }}
        {%- endfor %}
        {{- eos_token }}
    {%- else %}
        {{- message.content }}
    {%- endif %}
{%- endfor %}"""


@cache
def build_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE that keeps English words whole, Chinese characters single, and the signs between the parts of a
    call as a few. An English word carries the space behind it, so that a name is the same tokens in the question and in
    the call. Digits stand in pairs from the left, 43 12: one by one, those of a number like 4434 look too much alike
    to be copied in order."""
    rng = random.Random(0)
    tasks = [training(rng) for _ in range(20_000)]
    texts = [task.question + "".join(turns(task)) for task in tasks]
    signs = [r'": \{"', '": "', '", "', '": ', r'"\}\}', r'"\}', r'\{"', r"\}"]
    split = rf"{'|'.join(signs)}|[A-Za-z_]+ ?|[0-9]{{2}}|[0-9]|[\u4e00-\u9fff]|[-+×÷()，。？！,.?! ]"
    tokenizer = train_tokenizer(signs, split, texts, vocab_size=VOCABULARY, context=CONTEXT, tags=TAGS)
    tokenizer.chat_template = TEMPLATE
    return tokenizer
