"""Gateways for the tests of this package: over its fixtures, or over a single function written on the spot."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from tests.local.fc.gateway import Gateway, GatewayOptions
from tests.local.fc.staging import stage_source
from tests.local.fc.template import load_template
from tests.local.fc.variables import Platform

FIXTURES = Path(__file__).with_name("fixtures")
FIXTURE_ENVIRON = {"FIXTURE_REGION": "cn-fixture"}

_ONE_FUNCTION = """
    edition: 3.0.0
    resources:
      one:
        component: fc3
        props:
          region: cn-fixture
          functionName: one
          runtime: {runtime}
          handler: {handler}
          code: ./one
          timeout: 30
          {more}
"""


def fixture_gateway(folder: Path, options: GatewayOptions | None = None) -> Gateway:
    """Return a gateway over the fixtures, staged into an existing folder."""
    template = load_template(FIXTURES / "template.yml", FIXTURE_ENVIRON)
    policy = FIXTURES.parents[1] / "policy.toml"
    roots = {name: stage_source(function, FIXTURES, policy, folder) for name, function in template.functions.items()}
    return Gateway(template, roots, Platform(region="cn-fixture"), options=options)


def one_function_gateway(
    folder: Path,
    sources: Mapping[str, str],
    *,
    handler: str = "index.handler",
    runtime: str = "python3.12",
    more: str = "",
    options: GatewayOptions | None = None,
) -> Gateway:
    """Return a gateway over one function called `one`.

    Args:
        folder: Where its files and its template are written.
        sources: Path in the code root, and content.
        handler: Handler string.
        runtime: Runtime of the template.
        more: One more line of its props.
        options: Deliberate differences of the gateway.
    """
    for name, source in sources.items():
        path = folder / "one" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
    template_path = folder / "template.yml"
    content = textwrap.dedent(_ONE_FUNCTION).format(runtime=runtime, handler=handler, more=more)
    template_path.write_text(content, encoding="utf-8")
    return Gateway(load_template(template_path, {}), {"one": folder / "one"}, Platform(), options=options)
