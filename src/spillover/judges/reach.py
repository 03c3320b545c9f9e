"""Where a model is: in this process, or behind one of Inspect's providers. One place tells them apart.

`bottle`, `smollm2`, a folder and a Hugging Face id live in this process. `PROVIDER/MODEL` is served where Inspect
knows the provider; since some organisations share a provider's name, `hf/ORG/MODEL` always means Hugging Face.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inspect_ai.model import Model

from spillover.core.errors import ModelError, suggest
from spillover.core.settings import ModelSettings
from spillover.judges.connect import HERE, connect, probe, served
from spillover.judges.provider import local_model
from spillover.models import LoadedModel, load_model
from spillover.models.loading import SHIPPED

SHIPPED_HERE = (*SHIPPED, "smollm2")


def reach(settings: ModelSettings, arguments: Mapping[str, Any] | None = None) -> LoadedModel | Model:
    """The model that `settings.path` names, loaded or, where it is served, asked one short question.

    `arguments` are those of its Inspect provider, for example `base_url`. Raises ModelError where there is no
    such model, its server cannot be reached or refuses the key; one line with the mend.
    """
    if not served(settings.path):
        if arguments:
            raise ModelError(f"model {settings.path!r} lives in this process and takes no provider's arguments")
        return load_model(settings.model_copy(update={"path": local_name(settings.path)}))
    if settings.adapter is not None:
        raise ModelError(f"model {settings.path!r} is served elsewhere; an adapter can be put on a local model only")
    probe(settings.path, arguments)
    return connect(settings.path, arguments)


def local_client(name: str) -> Callable[[], Model]:
    """A model in this process as Inspect sees it, loaded once. Raises ModelError where there is none."""
    model = local_model(load_model(ModelSettings(path=local_name(name))))
    return lambda: model


def local_name(name: str) -> str:
    """The path or Hugging Face id of a model in this process: `hf/ORG/MODEL` without its prefix.

    Raises ModelError for a name that can be neither a folder nor an id nor a served model.
    """
    provider, _, rest = name.partition("/")
    if provider in HERE and rest:
        return rest
    if name in SHIPPED_HERE or Path(name).is_dir():
        return name
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return name
    if name.count("/") > 1 and not name.startswith((".", "/", "~")):
        raise ModelError(f"model {name!r}: there is no such folder, and Inspect has no provider {provider!r}")
    near = suggest(name, SHIPPED_HERE) if "/" not in name else ""
    raise ModelError(f"model {name!r}: there is no such folder{near}; name a folder, ORG/MODEL or PROVIDER/MODEL")
