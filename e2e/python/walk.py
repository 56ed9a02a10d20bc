"""webexpythonsdk, unmodified, against the simulator: directly, and through a gateway where one is given.

    webex-sim exec -- python3 walk.py
    python3 walk.py --help

One line for each step; ends with 1 at the first deviation.
"""

import time
import warnings

import requests
from webexpythonsdk import ApiError, WebexAPI
from webexpythonsdk.exceptions import RateLimitError, RateLimitWarning

from steps import EMAIL_DOMAIN, Simulator, Steps, arguments, bearer, holds, main, same

# What the gateway must never send on: it replaces it by its own token.
DUMMY = "dummy"


def walk(options):
    simulator = Simulator(options)
    direct, through = Steps("directly"), Steps("through the gateway")
    directly(direct, simulator)
    if options.gateway:
        through_gateway(through, simulator, options.gateway)
    return direct, through


# --- directly ---


def directly(steps, simulator):
    base_url = simulator.api + "/v1/"
    start = simulator.last_request()

    with steps.step("exchanges an authorization code"):
        api = WebexAPI(base_url=base_url, oauth_code=simulator.code(), **simulator.integration())
        [exchange] = simulator.journal(start, path="/v1/access_token")
        order = [name for name, _ in exchange["form"]]
        same(order, ["grant_type", "client_id", "client_secret", "code", "redirect_uri"])
        same(exchange["status"], 200)
    people(steps, simulator, api)
    refusals(steps, simulator, api)
    rate_limits(steps, simulator, api)
    tokens(steps, simulator, base_url)

    with steps.step("has asked for nothing that is not simulated"):
        same(simulator.journal(start, not_simulated="true"), [])
    with steps.step("has done what it should not do only where it was made to"):
        same([violation["kind"] for violation in simulator.violations()], ["code_reuse"])


def refusals(steps, simulator, api):
    """How errors come out: the SDK reads message and trackingId from their bodies."""
    with steps.step("is told what is wrong with a person without a name"):
        refused(lambda: api.people.create(emails=[f"nameless@{EMAIL_DOMAIN}"]), 400)
    with steps.step("is told that an address is taken"):
        taken = [simulator.administrator]
        refused(lambda: api.people.create(emails=taken, displayName="Taken"), 409)
    with steps.step("is told that there is no such organisation"):
        refused(lambda: api.organizations.get(api.people.me().id), 404)
    with steps.step("is told that a token is not good"):
        refused(lambda: WebexAPI(access_token=DUMMY, base_url=simulator.api + "/v1/").people.me(), 401)


def rate_limits(steps, simulator, api):
    with steps.step("waits for as long as a 429 says, and succeeds"):
        rule = simulator.fault({"match": {"operation": "getMe"}, "action": {"status": 429, "retry_after": 1}, "times": 1})
        started = time.monotonic()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            same(api.people.me().emails, [simulator.administrator])
        holds(time.monotonic() - started >= 1, "it did not wait")
        same([warning.category for warning in warned], [RateLimitWarning])
        same(simulator.fault_hits(rule), 1)
    with steps.step("raises RateLimitError where it must not wait, whatever Retry-After says"):
        impatient = WebexAPI(access_token=api.access_token, base_url=api.base_url, wait_on_rate_limit=False)
        action = {"status": 429, "retry_after": "rand(30),add(30)"}
        simulator.fault({"match": {"operation": "getMe"}, "action": action, "times": 1})
        error = refused(impatient.people.me, 429)
        holds(isinstance(error, RateLimitError), f"{error!r} is no RateLimitError")
        same(error.retry_after, 15)


def tokens(steps, simulator, base_url):
    """The token endpoint on its own: what the constructor does not show."""
    api = WebexAPI(access_token=DUMMY, base_url=base_url).access_tokens
    code, integration = simulator.code(), simulator.integration()
    application = {name: integration[name] for name in ("client_id", "client_secret")}

    with steps.step("gets all the fields of a token answer"):
        issued = api.get(code=code, **integration)
        same((issued.expires_in, issued.refresh_token_expires_in), (1_209_599, 7_775_999))
        holds(issued.access_token and issued.refresh_token, "a token is missing")
    with steps.step("is refused with a code that is spent"):
        refused(lambda: api.get(code=code, **integration), 400, oauth="invalid_grant")
    with steps.step("is refused with another client secret"):
        wrong = application | {"client_secret": "another"}
        refused(lambda: api.refresh(refresh_token=issued.refresh_token, **wrong), 400, oauth="invalid_client")
    with steps.step("is refused with an access token that has expired"):
        simulator.expire(issued.access_token)
        refused(WebexAPI(access_token=issued.access_token, base_url=base_url).people.me, 401)
    with steps.step("refreshes it"):
        fresh = api.refresh(refresh_token=issued.refresh_token, **application)
        holds(fresh.access_token != issued.access_token, "the access token is the old one")
        same(fresh.refresh_token, issued.refresh_token)
    with steps.step("goes on with the new one"):
        me = WebexAPI(access_token=fresh.access_token, base_url=base_url).people.me()
        same(me.emails, [simulator.administrator])


# --- through the gateway ---


def through_gateway(steps, simulator, gateway):
    """The gateway is authorised, and has had its token for a minute: a younger one it does not refresh for a 401."""
    start = simulator.last_request()
    base_url = gateway + "/v1/"
    with steps.step("exchanges an authorization code, as a client does that knows of no gateway"):
        own = WebexAPI(base_url=base_url, oauth_code=simulator.code(), **simulator.integration())
        holds(own.access_token != DUMMY and own.access_token, "there is no token")
        same(own.people.me().emails, [simulator.administrator])
        [asked] = simulator.journal(start, path="/v1/people/me")
        holds(["authorization", bearer(own.access_token)] not in asked["headers"], "the token of the SDK reached Webex")
    api = WebexAPI(access_token=DUMMY, base_url=base_url)
    people(steps, simulator, api)

    answers(steps, gateway, api)
    rate_limits(steps, simulator, api)
    with steps.step("does not notice that the access token expires between two pages"):
        everybody = [person.id for person in api.people.list()]
        before = simulator.last_request()
        seen = []
        for person in api.people.list(max=1):
            if not seen:
                simulator.expire_all_access_tokens()
            seen.append(person.id)
        same(seen, everybody)
        outcomes = [(entry["path"], entry["status"]) for entry in simulator.journal(before)]
        page = ("/v1/people", 200)
        healed = [page, ("/v1/people", 401), ("/v1/access_token", 200)]
        same(outcomes, healed + [page] * (len(everybody) - 1))
    with steps.step("goes on after the gateway was authorised anew"):
        before = simulator.last_request()
        same(simulator.authorise(gateway).status_code, 303)
        same(api.people.me().emails, [simulator.administrator])
        same(len(simulator.journal(before, grant_type="authorization_code", status=200)), 1)
    with steps.step("has not been seen by Webex with its own token"):
        requests_of_people = [entry for entry in simulator.journal(start) if entry["path"] != "/v1/access_token"]
        senders = {value for entry in requests_of_people for name, value in entry["headers"] if name == "authorization"}
        holds(senders and senders <= simulator.bearers(), f"Webex saw {senders}")
        holds(bearer(DUMMY) not in senders, "the token of the SDK reached Webex")
        agents = {value for entry in requests_of_people for name, value in entry["headers"] if name == "user-agent"}
        holds(any(agent.startswith("webexpythonsdk/") for agent in agents), f"Webex saw {agents}")
    with steps.step("has asked for nothing that is not simulated"):
        same(simulator.journal(start, not_simulated="true"), [])
    with steps.step("has done nothing that it should not do"):
        same([violation["kind"] for violation in simulator.violations()], [])


def answers(steps, gateway, api):
    with steps.step("gets links that lead to the gateway"):
        page = requests.get(gateway + "/v1/people", params={"max": 1}, timeout=10)
        following = page.links["next"]["url"]
        holds(following.startswith(gateway + "/v1/people?"), f"the next page is {following}")
    with steps.step("is told the same errors as Webex has"):
        error = refused(lambda: api.people.create(emails=[f"nameless@{EMAIL_DOMAIN}"]), 400)
        holds("X-Webex-Gateway-Error" not in error.response.headers, "the error is the gateway's")


# --- both ways ---


def people(steps, simulator, api):
    with steps.step("asks who it is"):
        me = api.people.me()
        same((me.emails, me.type, me.loginEnabled), ([simulator.administrator], "person", True))
    with steps.step("lists and shows organisations"):
        same([found.id for found in api.organizations.list() if found.id == me.orgId], [me.orgId])
        same(api.organizations.get(me.orgId).displayName, "Acme Communications")

    with steps.step("creates people"):
        made = [create(api, number) for number in (1, 2, 3)]
        same({person.orgId for person in made}, {me.orgId})
    first = made[0]
    with steps.step("shows one of them"):
        shown = api.people.get(first.id)
        same((shown.emails, shown.displayName, shown.title), (first.emails, "Walker 1", "Tester"))
        holds(shown.created is not None, "created cannot be read")

    with steps.step("lists everybody, one a page"):
        everybody = [person.id for person in api.people.list()]
        before = simulator.last_request()
        paged = [person.id for person in api.people.list(max=1)]
        same(paged, everybody)
        holds({person.id for person in made} <= set(paged), "who was created is not in the list")
        simulator.answered(before, [200] * len(everybody), operation="listPeople")
    with steps.step("keeps the filters of a list on each page"):
        found = api.people.list(displayName="Walker ", orgId=me.orgId, max=1)
        same([person.displayName for person in found], ["Walker 1", "Walker 2", "Walker 3"])
        same([person.id for person in found], [person.id for person in made])
    with steps.step("finds one by address, and several by id"):
        same([person.id for person in api.people.list(email=first.emails[0])], [first.id])
        wanted = [person.id for person in made[:2]]
        same([person.id for person in api.people.list(id=",".join(wanted), max=1)], wanted)

    with steps.step("updates one"):
        shown = api.people.get(first.id)
        changed = shown.to_dict() | {"displayName": "Walker the First", "title": "Lead"}
        updated = api.people.update(first.id, **{k: v for k, v in changed.items() if k != "id"})
        for person in (updated, api.people.get(first.id)):
            same((person.displayName, person.title, person.emails), ("Walker the First", "Lead", first.emails))
    with steps.step("deletes them"):
        for person in made:
            same(api.people.delete(person.id), None)
    with steps.step("is told that a deleted person is not there"):
        error = refused(lambda: api.people.get(first.id), 404)
        same(error.response.json()["trackingId"], error.tracking_id)


def create(api, number):
    return api.people.create(
        emails=[f"walker-{number}@{EMAIL_DOMAIN}"],
        displayName=f"Walker {number}",
        firstName="Walker",
        lastName=str(number),
        title="Tester",
    )


# --- checks ---


def refused(call, status, oauth=None):
    """The error of a call that Webex has to refuse, with all that the SDK reads from it; `oauth` is OAuth's code."""
    try:
        result = call()
    except ApiError as error:
        same(error.status_code, status)
        if oauth:
            same(error.details["error"], oauth)
        elif status != 429:  # the one that comes as HTML
            holds(error.message and error.tracking_id, f"{error!r} has no message or tracking id: {error.response.text}")
        return error
    raise AssertionError(f"{result!r} instead of ApiError {status}")


if __name__ == "__main__":
    main("webexpythonsdk", walk, arguments(__doc__))
