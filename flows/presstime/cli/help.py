"""What click says of itself (help, and what is wrong with a call), in the reader's language."""

from collections.abc import Iterable

import click

from presstime.cli.voice import spoken


class Formatter(click.HelpFormatter):
    """Help whose headings, paragraphs and explanations are spoken; commands and options stay as they are typed."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{spoken('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{spoken(f'{heading}:')}\n")

    def write_text(self, text: str) -> None:
        paragraphs = text.split("\n\n")
        super().write_text("\n\n".join(spoken(" ".join(paragraph.split())) for paragraph in paragraphs))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(first, _explained(second)) for first, second in rows], col_max, col_spacing)


class Spoken(click.Context):
    """The context of every verb."""

    formatter_class = Formatter


def _explained(text: str) -> str:
    """An explanation, and what click puts in brackets behind it: `[default: text; required]`."""
    words, gap, more = text.partition("  [")
    if not gap:
        return spoken(text)
    return f"{spoken(words)}{gap}{'; '.join(map(spoken, more.removesuffix(']').split('; ')))}]"


def speak(command: click.Command) -> click.Command:
    """The command, and those below it, with help that is spoken."""
    command.context_class = Spoken
    for below in getattr(command, "commands", {}).values():
        speak(below)
    return command


def complain(error: click.ClickException) -> None:
    """Say what is wrong with a call, as click does."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(context.get_usage(), err=True)
        asked = f"{context.command_path} {context.help_option_names[0]}"
        click.echo(f"{spoken(f'Try {asked!r} for help.')}\n", err=True)
    click.echo(spoken(f"Error: {error.format_message()}"), err=True)
