"""Commands that measure models and compare them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from spillover.cli.common import Debug, Unsandboxed, one_line_errors
from spillover.cli.studies import INTERRUPTED

if TYPE_CHECKING:
    from spillover.core.records import EvalScore


@one_line_errors
def evaluate(
    model: Annotated[
        str,
        typer.Argument(help="bottle, smollm2, a folder, a Hugging Face id (hf/ID), or Inspect's PROVIDER/MODEL."),
    ],
    adapter: Annotated[str | None, typer.Option(help="A LoRA adapter to put on a local model.")] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--eval", metavar="NAME", help="Only this evaluation; may be given again.", show_default="the core six"
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="rules, self, classifier, or an Inspect model name.",
            show_default="rules for the bottle, self for others",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, help="Samples per evaluation.", show_default="100; goals 300, alignment_questions 200"),
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="Which texts: full, brief.", show_default="brief for the bottle, else full")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(help="A YAML file whose questions replace those of free_form.")
    ] = None,
    tools: Annotated[
        str | None,
        typer.Option(help="How it acts on mailbox and database: auto, native, tags.", show_default="auto"),
    ] = None,
    problems: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Coding problems: generated, humaneval, jsonl:FILE.",
            show_default="generated; humaneval for capability",
        ),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest response.", show_default="110 for the bottle, 1024 for others")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sampling.")] = 0,
    model_arguments: Annotated[
        list[str] | None,
        typer.Option("--model-arg", metavar="KEY=VALUE", help="For the model's Inspect provider; may be given again."),
    ] = None,
    reasoning_tags: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'OPEN CLOSE'",
            help="Tags between which the model reasons, beside <think>, <thinking> and the channels of gpt-oss; "
            "may be given again.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where scores and transcripts go.", show_default="runs/eval-MODEL")
    ] = None,
    allow_unsandboxed: Unsandboxed = False,
    debug: Debug = False,
) -> None:
    """Measure a model and show its rates and MGS.

    Further evaluations: compliance_gap, test_time_hacking, hack_knowledge, capability. Called again it goes on where
    it was stopped; what is finished is not run again.
    """
    del debug
    from spillover.study.single import EvalRequest, evaluate_model
    from spillover.study.tables import scores_table

    request = EvalRequest(
        model=model,
        adapter=adapter,
        names=tuple(names or ()),
        judge=judge,
        samples=samples,
        style=style,
        questions=questions,
        tools=tools,
        problems=problems,
        max_tokens=max_tokens,
        seed=seed,
        out=out,
        model_arguments=tuple(model_arguments or ()),
        reasoning_tags=tuple(reasoning_tags or ()),
        allow_unsandboxed=allow_unsandboxed,
    )
    try:
        scores = evaluate_model(request, on_done=_tell)
    except KeyboardInterrupt:
        typer.echo("stopped; what is finished stays: start the same command again to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    Console().print(scores_table(scores, model))
    typer.echo(f"scores and transcripts: {request.folder}; to read them: spillover report {request.folder}", err=True)


@one_line_errors
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN…", help="Folders of `eval`, checkpoints' evaluations, or run directories."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Put models side by side, with the difference to the first and its 95% interval.

    Of a run directory, the last evaluated checkpoints of each arm, paired by seed. What is not alike but the model
    (judge, prompts, texts, seeds) is said in a warning.
    """
    del debug
    from spillover.study import compare as comparison
    from spillover.study.tables import comparison_table

    held = comparison.read_compared(runs)
    for line in comparison.unlike(held):
        typer.echo(f"warning: not the same measurement: {line}", err=True)
    if as_json:
        typer.echo(json.dumps(comparison.as_json(held), indent=2))
    else:
        Console().print(comparison_table(held))


def _tell(score: "EvalScore") -> None:
    rate = "no rate" if score.rate is None else f"{score.rate:.1%}"
    typer.echo(f"{score.eval}: {rate}, {score.scored} of {score.samples} scored ({score.seconds:.0f} s)", err=True)
