"""The command line. Each verb is one small module, imported when it is called: `check` must not pay for Prefect."""

import atexit
import gc
import importlib
import sys
from pathlib import Path

import click

from presstime import __version__
from presstime.cli.help import Spoken, complain, speak
from presstime.cli.voice import READER, Reader, noted, spoken
from presstime.errors import PresstimeError
from presstime.language import LANGUAGES

VERBS = {
    "audit": "the log: list it, show an entry, verify it, sign where it is, take it elsewhere",
    "changes": "what a change in Git does to what goes out: for a merge request's comment",
    "channels": "the accounts: log in to one, list them, ask each whose it is and until when",
    "check": "find every problem in the posts, before anything is sent",
    "demo": "the whole thing on this machine, with a sample newsroom",
    "deploy": "register the flows in a Prefect work pool, for workers to run",
    "done": "say where a person has posted what waited for them; alone: what waits, with everything needed",
    "drift": "what was changed or removed on the networks themselves: list, accept, undo",
    "forecast": "which scheduled posts will fail, and why",
    "init": "scaffold a newsroom",
    "listen": "look at what is out, and tell what is not there as it was sent",
    "measure": "how long a text is, in a network's own unit",
    "new": "a post from a title: its file, id, time or slot, and channels",
    "pause": "stop everything, a channel, a group or a campaign, and say what becomes of it",
    "plan": "what would happen to every delivery, and why",
    "preview": "every coming post as each network will show it, and a calendar, as pages",
    "publish": "one pass now: everything that is due",
    "rehearse": "the coming schedule in fast-forward, with faults, on this machine alone",
    "render": "what a post will say on each channel",
    "resume": "let go of what was paused",
    "retract": "take down what is out, though Git still has it",
    "retry": "try again what was refused, put off or skipped",
    "sandbox": "twin networks on this machine, to try things on",
    "schema": "what a post's front matter may hold, for editors' completion",
    "settle": "say what became of a delivery whose answer was lost",
    "skip": "have deliveries not go out",
    "standby": "beside a team's workers: publishes while Prefect does not",
    "status": "what needs a person, and what comes next",
    "up": "stay and publish on time: Prefect, flows and, on request, S3",
}


class Verbs(click.Group):
    """A group whose commands are imported when called; their one-line help stands in VERBS."""

    context_class = Spoken

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"presstime.cli.{cmd_name}").command
        return speak(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb]) for verb in sorted(VERBS)])


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "directory",
    type=click.Path(path_type=Path),
    default=Path("."),
    is_eager=True,
    callback=noted("directory"),
    help="The content root: the folder of presstime.toml.",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=noted("asked"),
    help="What language to speak; else PRESSTIME_LANG, the newsroom's, or the locale's.",
)
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context, directory: Path) -> None:
    """Publish what is in Git, when it is due, once, on every network."""
    ctx.obj = directory


def main() -> None:
    """The console script. A user's mistake ends with a message and an exit code, never with a traceback."""
    READER.set(Reader())
    atexit.register(gc.freeze)  # a process that ends need not look through all it holds once more: a tenth of `check`
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        complain(error)
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # or Python complains once more while it shuts down
        sys.exit(0)
    except PresstimeError as error:
        click.echo(spoken(f"presstime: {error}"), err=True)
        sys.exit(error.exit_code)
