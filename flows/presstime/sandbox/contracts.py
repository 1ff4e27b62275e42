"""Is a request one that the network documents? Our own contracts (contracts/*.json), written from the vendors' pages."""

import importlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from presstime.model import JsonObject
from presstime.networks.hidden import Hidden
from presstime.sandbox.calls import Call


def violations(network: str, operation: str, call: Call) -> list[str]:
    """What is wrong with a request, in words; empty if it keeps the contract."""
    hidden = Hidden(call.token)  # a message repeats what it is about
    errors = sorted(
        _validator(network, operation).iter_errors(_seen(call)), key=lambda error: list(map(str, error.path))
    )
    return [f"{'/'.join(map(str, error.path)) or 'request'}: {hidden.scrub(error.message)}"[:300] for error in errors]


def _seen(call: Call) -> JsonObject:
    """The request as the contracts speak of it. A body that is not an object is named by its kind alone."""
    body = call.body if isinstance(call.body, dict) else {"$kind": type(call.body).__name__}
    uploads = {name: file.mime for name, file in call.files.items()}
    return {"headers": call.headers, "params": call.params, "body": body, "files": uploads}


@cache
def _validator(network: str, operation: str) -> Any:
    jsonschema = importlib.import_module("jsonschema")  # slow to import, and only the sandbox needs it
    contract = load(network)
    return jsonschema.Draft202012Validator(contract["operations"][operation] | {"$defs": contract.get("$defs", {})})


@cache
def load(network: str) -> JsonObject:
    text = (files("presstime.sandbox") / "contracts" / f"{network}.json").read_text("utf-8")
    contract: JsonObject = json.loads(text)
    return contract
