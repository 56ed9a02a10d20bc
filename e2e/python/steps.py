"""What the walks of the SDKs have in common: the simulator's control API, steps that are told, and the command line."""

import argparse
import contextlib
import hashlib
import importlib.metadata
import os
import secrets
import sys
import traceback
import urllib.parse

import requests

# People who are created have addresses here.
EMAIL_DOMAIN = "acme.example.com"
# Whatever takes longer has gone wrong; in seconds.
PATIENCE = 20


class Deviation(Exception):
    """A step has not gone as it should."""


class Steps:
    """Tells what is done, and counts it."""

    def __init__(self, way):
        self.way, self.count = way, 0

    @contextlib.contextmanager
    def step(self, name):
        try:
            yield
        except Exception as problem:
            raise Deviation(f"{self.way}: it {name}: {type(problem).__name__}: {problem}") from problem
        self.count += 1
        print(f"ok {self.count} {self.way}: it {name}", flush=True)


class Simulator:
    """The control API, without the client that is written in Rust."""

    def __init__(self, options):
        self.api, self.control = options.simulator, options.control + "/__sim"
        self.client_id, self.client_secret = options.client_id, options.client_secret
        self.redirect_uri, self.administrator = options.redirect_uri, options.administrator

    def integration(self):
        names = ("client_id", "client_secret", "redirect_uri")
        return {name: getattr(self, name) for name in names}

    def code(self, address=None, state=None):
        """A code of the administrator, who consents at this authorization address, else at one of its own."""
        self._call("POST", "consent", {"action": "accept", "email": self.administrator})
        if address is None:
            state = secrets.token_urlsafe()
            address = self._authorize_url(state)
        page = requests.get(address, allow_redirects=False, timeout=PATIENCE)
        location = page.headers.get("Location", "")
        assert location.startswith(self.redirect_uri + "?"), f"{page.status_code} {location} {page.text}"
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        assert "code" in query and query["state"] == state, f"it leads back with {query}"
        return query["code"]

    def authorise(self, gateway):
        """What the browser of an administrator does: Webex leads it back to the gateway with a code."""
        path = urllib.parse.urlsplit(self.redirect_uri).path
        query = urllib.parse.urlencode({"code": self.code()})
        return requests.get(f"{gateway}{path}?{query}", allow_redirects=False, timeout=PATIENCE)

    def last_request(self):
        """The number of the last request, or 0."""
        return max((entry["sequence"] for entry in self.journal(0)), default=0)

    def journal(self, after, **which):
        """The requests after that number."""
        query = urllib.parse.urlencode(which | {"after": after})
        return self._call("GET", f"journal?{query}")["entries"]

    def answered(self, after, statuses, **which):
        """Checks what those requests were answered with."""
        same([entry["status"] for entry in self.journal(after, **which)], statuses)

    def bearers(self):
        """What the journal shows of Authorization where the token is one that the simulator has issued."""
        tokens = self._call("GET", "tokens")["tokens"]
        return {f"Bearer {token['fingerprint']}" for token in tokens if token["kind"] == "access"}

    def fault(self, rule):
        return self._call("POST", "faults", rule)["id"]

    def fault_hits(self, rule):
        return self._call("GET", f"faults/{rule}")["hits"]

    def expire(self, token):
        self._call("POST", "tokens/expire", {"kind": "access", "fingerprint": fingerprint(token)})

    def expire_all_access_tokens(self):
        self._call("POST", "tokens/expire", {"kind": "access"})

    def violations(self):
        """Those since the last look."""
        found = self._call("GET", "violations")["violations"]
        self._call("DELETE", "violations")
        return found

    def _authorize_url(self, state):
        query = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": SCOPES,
            "state": state,
        }
        return f"{self.api}/v1/authorize?{urllib.parse.urlencode(query)}"

    def _call(self, method, path, body=None):
        answer = requests.request(method, f"{self.control}/{path}", json=body, timeout=PATIENCE)
        assert answer.ok, f"the control API refused {path}: {answer.text}"
        return answer.json()


def fingerprint(secret):
    """What the control API shows of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def bearer(token):
    """What the journal shows of Authorization."""
    return f"Bearer {fingerprint(token)}"


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def holds(condition, otherwise):
    assert condition, otherwise


# What the walks need of the scopes of the built-in integration.
SCOPES = " ".join(
    [
        "spark:people_read",
        "spark-admin:people_read",
        "spark-admin:people_write",
        "spark-admin:organizations_read",
        "identity:people_rw",
        "identity:people_read",
    ]
)


def arguments(description):
    """The command line; the variables are those that `webex-sim exec` sets."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def option(name, variable, what, default=None):
        value = os.environ.get(variable, default)
        parser.add_argument(name, default=value, required=value is None, help=f"{what} [{variable}]")

    option("--simulator", "WEBEX_SIM_URL", "address of the simulator's API, without /v1")
    option("--control", "WEBEX_SIM_CONTROL_URL", "address of its control listener")
    option("--gateway", "WEBEX_GW_URL", "address of an authorised gateway before it; empty: none", "")
    option("--client-id", "client_id", "the integration's")
    option("--client-secret", "client_secret", "the integration's")
    option("--redirect-uri", "redirect_uri", "one that is registered")
    option("--administrator", "WEBEX_SIM_ADMINISTRATOR", "who consents", f"avery.quinn@{EMAIL_DOMAIN}")
    options = parser.parse_args()
    for name in ("simulator", "control", "gateway"):
        setattr(options, name, getattr(options, name).rstrip("/"))
    return options


def main(package, walk, options):
    """Walks, and tells what came of it."""
    # SDKs take a token from the environment before they exchange a code.
    os.environ.pop("WEBEX_ACCESS_TOKEN", None)
    try:
        direct, through = walk(options)
    except Deviation as deviation:
        traceback.print_exception(deviation.__cause__)
        print(f"{package} {importlib.metadata.version(package)}: deviation: {deviation}")
        sys.exit(1)
    version = importlib.metadata.version(package)
    print(f"{package} {version}: {direct.count} steps directly, {through.count} through the gateway, 0 deviations")
