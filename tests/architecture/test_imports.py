"""Data flows one way: the import contracts of pyproject.toml hold, and agents run without Django."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# What a machine outside our servers does not have installed.
REFUSED = ("django", "rest_framework", "django_tenants", "celery", "psycopg", "weasyprint", "allauth")
AGENTS = {
    "emissions.node.cli": (*REFUSED, "web3"),
    "tokens.validator.cli": REFUSED,
    "certificates.verify.cli": (*REFUSED, "web3", "duckdb", "pyarrow", "coincurve", "pikepdf", "eth_account", "rlp", "trie"),
}
HOOK = """
import sys, importlib
refused = {refused!r}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ImportError(f"{{name}} is not installed on an agent's machine")
sys.meta_path.insert(0, Refuse())
importlib.import_module({module!r})
"""


def _run(module: str, refused: tuple[str, ...], root) -> subprocess.CompletedProcess[str]:
    code = HOOK.format(refused=refused, module=module)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    return subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_import_contracts__none_broken(root):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " 0 broken." in done.stdout


@pytest.mark.parametrize("module", AGENTS)
def test_agent__without_server_packages__imports(module, root):
    done = _run(module, AGENTS[module], root)
    assert done.returncode == 0, done.stderr[-3000:]


def test_agent_hook__a_server_module__is_refused(root):
    done = _run("accounts.services", REFUSED, root)
    assert done.returncode != 0
    assert "is not installed on an agent's machine" in done.stderr


def test_kernel__imported__loads_nothing_heavy(root):
    code = "import sys, cloudtuner, cloudtuner.units, cloudtuner.errors; assert not {'celery','django'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
