"""OpenAI's paths on top of the engine: models, chat/completions and completions, as a Starlette application."""

import asyncio
import contextlib
import json
import time
import traceback
import uuid
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from aigc_course import hub
from aigc_course.i18n import t
from aigc_course.serve import parameters
from aigc_course.serve.engine import End, Engine, Job, Piece
from aigc_course.serve.refused import Refused
from aigc_course.tool_use import Call

LARGEST = 256 * 1024  # bytes of a request; the models hold a few hundred tokens
BROKEN = (
    "服务器自己出错了，原因在运行 aigc serve 的窗口里。",
    "The server itself failed; the window where aigc serve runs says why.",
)


def app(names: list[str]) -> Starlette:
    """The application that serves the bundled models `names`."""
    engine = Engine(names)

    @contextlib.asynccontextmanager
    async def lifespan(_):
        yield
        await run_in_threadpool(engine.close)

    async def models(_) -> Response:
        return JSONResponse({"object": "list", "data": [_model(name) for name in names]})

    async def one_model(request: Request) -> Response:
        return JSONResponse(_model(parameters.model({"model": request.path_params["name"]}, names)))

    async def chat(request: Request) -> Response:
        return await _answer(engine, request, chat=True)

    async def complete(request: Request) -> Response:
        return await _answer(engine, request, chat=False)

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1/models/{name}", one_model),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/completions", complete, methods=["POST"]),
        ],
        exception_handlers={Refused: _refuse, HTTPException: _no_such_path, ClientDisconnect: _gone, Exception: _fail},
        lifespan=lifespan,
    )


async def _answer(engine: Engine, request: Request, chat: bool) -> Response:
    body = parameters.parse(await _read(request))
    name = parameters.model(body, engine.names)

    def prepare() -> parameters.Wanted:
        loaded = engine.model(name)
        return parameters.wanted(body, name, loaded.tokenizer, loaded.context, chat)

    wanted = await run_in_threadpool(prepare)  # a model may have to be loaded first
    loop, heard = asyncio.get_running_loop(), asyncio.Queue()

    def tell(event: Piece | Call | End) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before the text
            loop.call_soon_threadsafe(heard.put_nowait, event)

    job = Job(name, wanted.ids, wanted.settings, tell)
    if not engine.submit(job):
        raise Refused("排队的请求太多了，请稍后再试。", "Too many requests are waiting: try again later.", None, 429)
    events = _events(job, heard)
    form = _Form(name, len(wanted.ids), chat)
    if wanted.stream:
        return StreamingResponse(form.stream(events, wanted.usage), media_type="text/event-stream")
    return await form.whole(events)


async def _read(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST:
            raise Refused(
                f"请求太大，最多 {LARGEST} 字节。", f"The request is too large: at most {LARGEST} bytes.", status=413
            )
    return bytes(data)


async def _events(job: Job, heard: asyncio.Queue) -> AsyncIterator[Piece | Call | End]:
    try:
        while True:
            event = await heard.get()
            yield event
            if isinstance(event, End):
                return
    finally:
        job.cancelled = True  # nothing more is written for a client that has left


class _Form:
    """The shape of one answer: chat or plain text, whole or as a stream of server-sent events."""

    def __init__(self, name: str, prompt: int, chat: bool):
        kind = "chat.completion" if chat else "text_completion"
        self.chat, self.prompt = chat, prompt
        self.head = {"id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex}", "object": kind}
        self.head |= {"created": int(time.time()), "model": name}

    async def whole(self, events: AsyncIterator[Piece | Call | End]) -> Response:
        thinking, text, calls = [], [], []
        async for event in events:
            if isinstance(event, Piece):
                thinking.append(event.thinking)
                text.append(event.text)
            elif isinstance(event, Call):
                calls.append(_call(event))
        if event.reason == "error":
            return _error(*BROKEN, 500)
        said = {"text": "".join(text)}
        if self.chat:
            message = {"role": "assistant", "content": "".join(text) or (None if calls else "")}
            if any(thinking):
                message["reasoning_content"] = "".join(thinking)
            if calls:
                message["tool_calls"] = calls
            said = {"message": message}
        choice = self._choice(said, _reason(event, bool(calls)))
        return JSONResponse(self.head | {"choices": [choice], "usage": self._usage(event)})

    async def stream(self, events: AsyncIterator[Piece | Call | End], usage: bool) -> AsyncIterator[str]:
        if self.chat:
            self.head["object"] = "chat.completion.chunk"
            yield self._chunk({"delta": {"role": "assistant", "content": ""}})
        calls = 0
        async for event in events:
            if isinstance(event, Piece):
                field, said = ("reasoning_content", event.thinking) if event.thinking else ("content", event.text)
                yield self._chunk({"delta": {field: said}} if self.chat else {"text": event.text})
            elif isinstance(event, Call):  # in one delta, for only a whole call can be told from text
                yield self._chunk({"delta": {"tool_calls": [{"index": calls} | _call(event)]}})
                calls += 1
        if event.reason == "error":
            yield _event(_error_body(*BROKEN, 500))
            return
        yield self._chunk({"delta": {}} if self.chat else {"text": ""}, _reason(event, bool(calls)))
        if usage:
            yield _event(self.head | {"choices": [], "usage": self._usage(event)})
        yield "data: [DONE]\n\n"

    def _chunk(self, said: dict, reason: str | None = None) -> str:
        return _event(self.head | {"choices": [self._choice(said, reason)]})

    @staticmethod
    def _choice(said: dict, reason: str | None) -> dict:
        return {"index": 0, **said, "logprobs": None, "finish_reason": reason}

    def _usage(self, end: End) -> dict:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": end.tokens,
            "total_tokens": self.prompt + end.tokens,
            "completion_tokens_details": {"reasoning_tokens": end.thinking},
        }


def _call(call: Call) -> dict:
    function = {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"id": f"call_{uuid.uuid4().hex}", "type": "function", "function": function}


def _reason(end: End, called: bool) -> str:
    return "tool_calls" if called and end.reason == "stop" else end.reason


def _event(data: dict) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _model(name: str) -> dict:
    made = int((hub.zoo_dir() / name / hub.WEIGHTS).stat().st_mtime)
    return {"id": name, "object": "model", "created": made, "owned_by": "aigc-course"}


# ---- errors, in OpenAI's form ---------------------------------------------------------------------------------------


def _error_body(zh: str, en: str, status: int, param: str | None = None, code: str | None = None) -> dict:
    kind = {429: "rate_limit_error", 500: "server_error"}.get(status, "invalid_request_error")
    return {"error": {"message": t(zh, en), "type": kind, "param": param, "code": code}}


def _error(zh: str, en: str, status: int, param: str | None = None, code: str | None = None) -> Response:
    headers = {"Retry-After": "1"} if status == 429 else None
    return JSONResponse(_error_body(zh, en, status, param, code), status, headers)


async def _refuse(_, error: Refused) -> Response:
    return _error(error.zh, error.en, error.status, error.param, error.code)


async def _no_such_path(request: Request, error: HTTPException) -> Response:
    asked = f"{request.method} {request.url.path[:60]}"
    return _error(
        f"没有 {asked}：用 GET /v1/models、POST /v1/chat/completions 或 POST /v1/completions。",
        f"There is no {asked}: use GET /v1/models, POST /v1/chat/completions or POST /v1/completions.",
        error.status_code,
    )


async def _gone(*_) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _fail(_, error: Exception) -> Response:
    traceback.print_exception(error)
    return _error(*BROKEN, 500)
