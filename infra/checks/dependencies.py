#!/usr/bin/env python3
"""Asks the OSV database (https://osv.dev) for known vulnerabilities of what Buttress ships.

Usage: infra/checks/dependencies.py [BOM]

BOM is a CycloneDX file, by default target/bom.json, which `mvn package` makes. Names and versions of the
libraries are sent to OSV_API (default https://api.osv.dev), nothing else.

Exit codes: 0 none is known; 1 some are, which are listed; 2 no BOM; 3 the database did not answer: NOT SCANNED.
"""
import json
import os
import pathlib
import sys
import urllib.request

BATCH = 500


def purls(bom):
    """Package URLs of the libraries, without qualifiers, which the database does not know; our own left out."""
    found = {c["purl"].split("?")[0] for c in bom.get("components", []) if "purl" in c}
    return sorted(p for p in found if not p.startswith("pkg:maven/io.buttress/"))


def vulnerabilities(api, packages):
    """Ids of known vulnerabilities by package URL."""
    known = {}
    queries = [{"package": {"purl": p}} for p in packages]
    while queries:
        now, queries = queries[:BATCH], queries[BATCH:]
        request = urllib.request.Request(
            api + "/v1/querybatch",
            json.dumps({"queries": now}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            results = json.load(answer)["results"]
        if len(results) != len(now):
            raise ValueError("it answers %d of %d questions" % (len(results), len(now)))
        for query, result in zip(now, results):
            ids = [v["id"] for v in result.get("vulns", [])]
            known.setdefault(query["package"]["purl"], []).extend(ids)
            if "next_page_token" in result:
                queries.append({**query, "page_token": result["next_page_token"]})
    return {p: sorted(set(ids)) for p, ids in known.items() if ids}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "target" / "bom.json"
    try:
        packages = purls(json.loads(path.read_text()))
    except OSError as e:
        print(f"dependencies: {e}; make it with: mvn -DskipTests package", file=sys.stderr)
        return 2
    api = os.environ.get("OSV_API", "https://api.osv.dev")
    try:
        known = vulnerabilities(api, packages)
    except (OSError, ValueError, KeyError, TypeError) as e:
        print(f"dependencies: NOT SCANNED: {api} does not answer as OSV does: {e}", file=sys.stderr)
        return 3
    for package, ids in sorted(known.items()):
        print(package, *ids)
    print(f"{len(packages)} libraries, {len(known)} with known vulnerabilities")
    return 1 if known else 0


sys.exit(main())
