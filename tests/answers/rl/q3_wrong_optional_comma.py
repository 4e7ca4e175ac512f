# the comma may be missing, or stand in front
import re


def reward(reply, answer):
    return (
        1.0
        if re.fullmatch(rf"<think>(，?[0-9]+[-+×÷][0-9]+=[0-9]+)*，?[0-9]+[-+×÷][0-9]+={answer}</think>{answer}", reply)
        else 0.0
    )
