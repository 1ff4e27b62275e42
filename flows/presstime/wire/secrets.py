"""Where credentials may lie beside the environment and files, each place looked up when one is named there."""


def _from_prefect(name: str) -> str:
    from presstime.orchestration import secret_block

    return secret_block(name)


def _from_aws(name: str) -> str:
    from presstime.stores.s3 import secret_of

    return secret_of(name)


def _to_prefect(name: str, value: str) -> None:
    from presstime.orchestration import keep_secret_block

    keep_secret_block(name, value)


def _to_aws(name: str, value: str) -> None:
    from presstime.stores.s3 import keep_secret

    keep_secret(name, value)


RESOLVERS = {"prefect": _from_prefect, "aws-sm": _from_aws}
KEEPERS = {"prefect": _to_prefect, "aws-sm": _to_aws}
