"""What the openai library raises, as one sentence that says what to do, without the key."""

import os
import re

import openai

from aigc_course.endpoints import Endpoint
from aigc_course.errors import CourseError

LONGEST = 300  # characters of a server's own words that are passed on
LIKE_A_KEY = re.compile(r"\b(sk|key)-[\w-]{6,}")


def of_the_key(place: Endpoint) -> CourseError | None:
    """What is wrong with an endpoint's key. Given back and not raised: the frame of an error shows its variables."""
    key = os.environ.get(place.key, "").strip()
    if key and re.fullmatch(r"[!-~]+", key):
        return None
    if key:  # the network library would quote it in its complaint
        return CourseError(
            f"环境变量 {place.key} 里的内容不可能是密钥（有空格、换行或别的字符）：请重新复制。",
            f"What {place.key} holds cannot be a key (a space, a line break or another character): copy it again.",
        )
    return CourseError(
        f"没有 {place.name} 的密钥：请把它放进环境变量 {place.key}，在终端里 export {place.key}=… 再打开 JupyterLab，"
        f'或在这里 os.environ["{place.key}"] = getpass.getpass()，不要写进笔记本；没有密钥就用 endpoint="local"。',
        f"There is no key for {place.name}: put it into the environment variable {place.key}, with "
        f"export {place.key}=… in the terminal that starts JupyterLab, or here with "
        f'os.environ["{place.key}"] = getpass.getpass(), never into the notebook; without a key, use endpoint="local".',
    )


def bad_reply(place: Endpoint, zh: str, en: str) -> CourseError:
    return CourseError(
        f"{place.name} 的回复看不懂（{zh}）：请再试一次，或检查 {place.host} 是不是一个 OpenAI 接口。",
        f"The reply of {place.name} makes no sense ({en}): try again, or check that {place.host} speaks OpenAI's API.",
    )


def explained(error: Exception, place: Endpoint, model: str, timeout: float, retries: int) -> CourseError:
    """The sentence for an error of a call to this model there."""
    if isinstance(error, openai.APITimeoutError):
        return CourseError(
            f"{place.name}（{place.host}）{timeout:g} 秒没有动静，试了 {retries + 1} 次：稍后再试，或调大 timeout。",
            f"{place.name} ({place.host}) gave no sign of life for {timeout:g} seconds, {retries + 1} times: "
            "try later, or raise timeout.",
        )
    if isinstance(error, openai.APIConnectionError):
        return _not_reached(place, _clean(error.__cause__, place))
    if isinstance(error, openai.APIStatusError):
        return _refused(error, place, model, _clean(_words(error), place))
    if isinstance(error, openai.APIError):  # an error that came inside a stream
        said = _clean(error.message, place)
        return CourseError(
            f"{place.name} 写到一半出错了：{said}。请再试一次。",
            f"{place.name} failed while writing: {said}. Try again.",
        )
    if isinstance(error, ImportError):  # a SOCKS proxy is set and its package is not there
        return CourseError(
            "环境里设了 SOCKS 代理，而没有安装 socksio：请运行 pip install socksio，或取消 ALL_PROXY。",
            "A SOCKS proxy is set and socksio is not installed: run pip install socksio, or unset ALL_PROXY.",
        )
    return bad_reply(place, type(error).__name__, type(error).__name__)


def _not_reached(place: Endpoint, reason: str) -> CourseError:
    if place.name == "local":
        return CourseError(
            f"{place.host} 上没有服务器：请另开一个终端运行 aigc serve。",
            f"There is no server at {place.host}: run aigc serve in another terminal.",
        )
    if place.own:
        return CourseError(
            f"{place.host} 上没有服务器：请先启动 {place.name}。",
            f"There is no server at {place.host}: start {place.name} first.",
        )
    return CourseError(
        f'连不上 {place.host}（{reason}）：请检查网络和代理；不联网就用 endpoint="local"。',
        f'{place.host} cannot be reached ({reason}): check the network and the proxy; endpoint="local" needs neither.',
    )


def _refused(error: openai.APIStatusError, place: Endpoint, model: str, said: str) -> CourseError:
    status = error.status_code
    if status in (401, 403):
        where = place.key or "Endpoint(key=…)"
        return CourseError(
            f"{place.name} 不认这个密钥（{status}）：请检查 {where}，密钥可能抄错、过期或没有权限。",
            f"{place.name} does not accept the key ({status}): check {where}; it may be mistyped or expired.",
        )
    if status == 402:
        return CourseError(
            f"{place.name} 的账户没钱了（402）：请先充值。",
            f"The account at {place.name} is empty (402): top it up first.",
        )
    if status == 404 or re.search(r"model.*not.*exist", said, re.I):
        return CourseError(
            f"{place.name} 没有模型 {model!r}（{said}）：常用的有 {'、'.join(place.models)}，"
            f'llm.models("{place.name}") 列出现有的。',
            f"{place.name} has no model {model!r} ({said}): the usual ones are {', '.join(place.models)}; "
            f'llm.models("{place.name}") lists what is there.',
        )
    if status == 429:
        return CourseError(
            f"{place.name} 说请求太多（429，{said}）：请过一会儿再试，或少同时发几个。",
            f"{place.name} says that there are too many requests (429, {said}): wait, or send fewer at a time.",
        )
    if status >= 500:
        return CourseError(
            f"{place.name} 的服务器出了问题（{status}，{said}）：请过一会儿再试。",
            f"The server of {place.name} has a problem ({status}, {said}): try again later.",
        )
    return CourseError(
        f"{place.name} 拒绝了这个请求（{status}）：{said}。", f"{place.name} refused the request ({status}): {said}."
    )


def _words(error: openai.APIStatusError) -> str:
    body = error.body.get("message") if isinstance(error.body, dict) else error.body
    return body if isinstance(body, str) else ""


def _clean(said: object, place: Endpoint) -> str:
    """Somebody else's words on one line, short, and without the key or anything like one."""
    text = str(said or "")
    if key := os.environ.get(place.key or "", "").strip():
        text = text.replace(key, "…")
    text = LIKE_A_KEY.sub(r"\1-…", text)
    line = " ".join(re.sub(r"<[^>]*>", " ", text).split()).rstrip(".。 ")  # a proxy may answer with a web page
    return line[:LONGEST] or "?"
