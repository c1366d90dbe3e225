"""Whether objects are what an API server takes: strict schemas of Kubernetes and of custom resources."""

import functools
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from conftest import LOADER

# It reads the same files for every object otherwise.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

# Their schema may change with a version, their shape may not.
OPEN = {"apiVersion": {}, "kind": {}, "metadata": {}}


def strict(schema):
    """A schema that refuses fields it does not name."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {key: value for key, value in schema.items() if key != "type"}
    schema = {key: strict(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    return schema


@functools.cache
def custom():
    """Validators of the custom resources, by version and kind."""
    found = {}
    for file in (Path(__file__).parent / "crds").glob("*.yaml"):
        spec = yaml.load(file.read_text(), LOADER)["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= OPEN
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            found[key] = jsonschema.Draft202012Validator(schema)
    return found


def problems(document, version):
    """What is wrong with an object, in words."""
    name = f"{document['kind']} {document['metadata']['name']}"
    validator = custom().get((document["apiVersion"], document["kind"]))
    if validator:
        return [f"{name}: {'/'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(document)]
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {'/'.join(map(str, error.path))}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError:
        return [f"{name}: Kubernetes {version} knows no {document['apiVersion']} {document['kind']}"]
    return []
