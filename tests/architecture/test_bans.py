"""Forms that leak, found in the syntax tree. Each ban is shown to catch what it bans."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

# Where the library's own switches may be called.
SWITCHES = {"set_schema", "set_tenant", "set_schema_to_public", "activate", "deactivate"}
HOME = Path("cloudtuner/tenancy.py")
CONTEXTS = {"tenant_context", "public_context", "schema_context"}
TENANT_NAME = re.compile(r"(^|_)(tenant|org|organization)$")


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def offences(tree: ast.Module, path: Path) -> list[str]:
    """Every banned form in a file, with its line."""
    found: list[str] = []
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                context = item.context_expr
                if not isinstance(context, ast.Call) and TENANT_NAME.search(_last_name(context)):
                    found.append(f"{path}:{line}: `with {ast.unparse(context)}:` shares its stack between threads")
                if isinstance(context, ast.Call) and _last_name(context) in {"get", "first"} and item.optional_vars is not None:
                    found.append(f"{path}:{line}: `with {ast.unparse(context)} as …:` enters a model")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if _last_name(decorator) in CONTEXTS:
                    found.append(f"{path}:{line}: `@{ast.unparse(decorator)}` shares one instance between threads")
        if isinstance(node, ast.ImportFrom) and node.module == "django_tenants.utils":
            names = {alias.name for alias in node.names} & {"schema_context", "tenant_context", "schema_rename"}
            found += [f"{path}:{line}: imports the library's {name}; use cloudtuner.tenancy" for name in sorted(names)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and path != HOME:
            switch = node.func.attr
            about_tenants = switch.startswith("set_") or TENANT_NAME.search(_last_name(node.func.value))
            if switch in SWITCHES and about_tenants:
                found.append(f"{path}:{line}: calls .{switch}(); use cloudtuner.tenancy")
    return found


def test_code__has_no_leaking_form(trees):
    assert [offence for path, tree in trees.items() for offence in offences(tree, path)] == []


@pytest.mark.parametrize(
    "planted",
    [
        "with tenant:\n    pass",
        "with request.tenant as t:\n    pass",
        "with self.organization:\n    pass",
        "with Organization.objects.get(slug='a') as t:\n    pass",
        "@schema_context('a')\ndef f(): pass",
        "@tenant_context('a')\ndef f(): pass",
        "@tenancy.public_context()\ndef f(): pass",
        "from django_tenants.utils import schema_context",
        "connection.set_schema('a')",
        "connection.set_schema_to_public()",
        "organization.activate()",
    ],
)
def test_ban__planted_form__is_caught(planted):
    assert offences(ast.parse(planted), Path("planted.py"))


@pytest.mark.parametrize("allowed", ["with tenant_context(schema):\n    pass", "with transaction.atomic():\n    pass"])
def test_ban__our_own_form__is_not(allowed):
    assert not offences(ast.parse(allowed), Path("allowed.py"))


def test_tasks__are_made_only_by_the_kit(trees):
    found = []
    for path, tree in trees.items():
        if path == Path("cloudtuner/tasks.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "celery" and path != Path("cloudtuner/celery.py"):
                found.append(f"{path}: imports from celery; use cloudtuner.tasks")
            if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async"}:
                found.append(f"{path}:{node.lineno}: .{node.attr}; use .enqueue, which waits for the commit")
    assert not found


def test_settings__read_the_environment_only_through_env(trees):
    allowed = {Path("cloudtuner/env.py"), Path("cloudtuner/boot.py"), Path("cloudtuner/celery.py"), Path("cloudtuner/wsgi.py")}
    found = []
    for path, tree in trees.items():
        inside_service = path.parts[0] in {"accounts", "emissions", "tokens", "certificates"}
        if path in allowed or not inside_service or {"node", "validator", "verify"} & set(path.parts):
            continue
        found += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        ]
    assert not found
