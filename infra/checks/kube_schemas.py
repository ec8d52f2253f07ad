#!/usr/bin/env python3
"""Makes JSON schemas for kubeconform from what Go modules carry: Kubernetes' OpenAPI file and CRDs.

    kube_schemas.py OUT SWAGGER CRD...

One file for each kind, as kubeconform names them: OUT/deployment-apps-v1.json. Unknown fields are
errors: every object that lists its properties is closed.
"""
import json
import pathlib
import sys

import yaml

INT_OR_STRING = {"type": ["integer", "string"]}
# The API's own encodings: their definitions say string, but manifests may hold numbers.
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string"]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": INT_OR_STRING,
}
# A schema in a schema, which would need another dialect.
OPEN = "JSONSchemaProps"

# "=" is a plain word in some CRDs' enumerations.
yaml.SafeLoader.add_constructor(
    "tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node)
)


def closed(schema):
    """The schema with local references, and without room for unknown properties."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return INT_OR_STRING
    schema = {k: v for k, v in schema.items() if k != "description"}
    if "$ref" in schema:
        schema["$ref"] = schema["$ref"].replace("#/definitions/", "_definitions.json#/definitions/")
    if "properties" in schema:
        schema["properties"] = {k: closed(v) for k, v in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = closed(schema[key])
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema


def main(out, swagger, *crds):
    out = pathlib.Path(out)

    def write(group, version, kind, schema):
        properties = dict(
            schema.get("properties", {}),
            apiVersion={"const": f"{group}/{version}" if group else version},
            kind={"const": kind},
        )
        required = sorted({*schema.get("required", []), "apiVersion", "kind"})
        name = "-".join(filter(None, [kind, group.split(".")[0], version])).lower()
        text = json.dumps({**schema, "properties": properties, "required": required})
        (out / f"{name}.json").write_text(text)

    raw = json.loads(pathlib.Path(swagger).read_text())["definitions"]
    definitions = {k: {"type": "object"} if OPEN in k else closed(v) for k, v in raw.items()}
    definitions.update(SCALARS)
    (out / "_definitions.json").write_text(json.dumps({"definitions": definitions}))
    for key, schema in raw.items():
        kinds = schema.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1:
            write(kinds[0]["group"], kinds[0]["version"], kinds[0]["kind"], definitions[key])
    for crd in crds:
        spec = yaml.safe_load(pathlib.Path(crd).read_text())["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            write(spec["group"], version["name"], spec["names"]["kind"], schema)


main(*sys.argv[1:])
