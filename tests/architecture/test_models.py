"""Where tables live and what they may point at."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

RANK = {"accounts": 1, "emissions": 2, "tokens": 3, "certificates": 4}


def _rank(model) -> int:
    return RANK.get(model.__module__.partition(".")[0], 0)


def _shared(model) -> bool:
    config = apps.get_app_config(model._meta.app_label)
    return config.name not in settings.TENANT_APPS


def _relations():
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and field.related_model is not None:
                yield model, field, field.related_model


def _name(entry: str) -> str:
    """The app's module, whether the settings name it or its configuration class."""
    for config in apps.get_app_configs():
        if entry in (config.name, f"{type(config).__module__}.{type(config).__name__}"):
            return config.name
    raise AssertionError(f"{entry} is in the settings but not installed")


def test_relations__never_point_up():
    # A library's model may point at whoever AUTH_USER_MODEL names.
    ours = [(m, f, to) for m, f, to in _relations() if _rank(m)]
    upward = [f"{m.__name__}.{f.name} -> {to.__name__}" for m, f, to in ours if _rank(to) > _rank(m)]
    assert ours
    assert not upward


def test_relations__never_cross_schemas():
    assert sum(1 for _ in _relations()) > 10
    crossing = [f"{m.__name__}.{f.name} -> {to.__name__}" for m, f, to in _relations() if _shared(m) != _shared(to)]
    assert not crossing


def test_apps__each_in_exactly_one_list():
    shared = [_name(entry) for entry in settings.SHARED_APPS]
    tenant = [_name(entry) for entry in settings.TENANT_APPS]
    assert not set(shared) & set(tenant)
    assert len(set(shared + tenant)) == len(shared + tenant)
    assert {config.name for config in apps.get_app_configs()} == set(shared + tenant)


def test_tables__no_name_in_both_kinds_of_schema():
    tables = {True: set(), False: set()}
    for model in apps.get_models(include_auto_created=True):
        tables[_shared(model)].add(model._meta.db_table)
    assert not tables[True] & tables[False]


def test_models__are_named_only_by_import(shipped):
    # import-linter cannot see a model that is fetched by its name.
    found = [str(path) for path, text in shipped.items() if re.search(r"\bget_model\(", text)]
    assert not found


@pytest.mark.django_db
def test_migrations__say_what_the_models_say():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations__every_app_with_models_has_some(root):
    for config in apps.get_app_configs():
        ours = config.name.partition(".")[0] in {"cloudtuner", *RANK}
        if ours and any(True for _ in config.get_models()):
            folder = root / config.name.replace(".", "/") / "migrations"
            assert list(folder.glob("0001_*.py")), f"{config.name} has models and no migrations"


def test_migrations__need_no_extension(root):
    # The embedded PostgreSQL has none, and a managed one may refuse them.
    for path in root.glob("*/**/migrations/*.py"):
        if "node_modules" not in path.parts and ".venv" not in path.parts:
            assert not re.search(r"CREATE EXTENSION|Extension\(", path.read_text()), path
