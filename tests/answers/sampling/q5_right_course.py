# the course's own functions
from aigc_course import grammar, sampling
from aigc_course.hub import load_lm

model, tokenizer = load_lm("lm", tier="cpu")
ids = sampling.encode(tokenizer, "我最喜欢的颜色是")
logits = sampling.next_logits(model, ids)
possible = list(grammar.next_token_probs(ids, tokenizer))
truth = grammar.next_token_probs(ids, tokenizer)
invalid = [sampling.invalid_mass(sampling.softmax(sampling.apply_temperature(logits, T)), truth) for T in (1, 1.5, 2)]
