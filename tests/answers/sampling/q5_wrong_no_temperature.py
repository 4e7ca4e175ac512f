# forgot the temperature
from aigc_course import grammar, sampling
from aigc_course.hub import load_lm

model, tokenizer = load_lm("lm", tier="cpu")
ids = sampling.encode(tokenizer, "我最喜欢的颜色是")
logits = sampling.next_logits(model, ids)
possible = list(grammar.next_token_probs(ids, tokenizer))
invalid = [1 - float(logits.softmax(-1)[possible].sum()) for T in (1, 1.5, 2)]
