"""wxc_sdk, unmodified, against the simulator: directly, and through a gateway where one is given.

    webex-sim exec -- python3 wxc_walk.py
    python3 wxc_walk.py --help

One line for each step; ends with 1 at the first deviation. The SDK has https://webexapis.com in its code; an adapter on its
public session sends those requests elsewhere.
"""

import base64
import time
import uuid

import requests
from requests.adapters import HTTPAdapter
from wxc_sdk import WebexSimpleApi
from wxc_sdk.integration import Integration
from wxc_sdk.people import Person
from wxc_sdk.rest import RestError
from wxc_sdk.scim.bulk import BulkMethod, BulkOperation
from wxc_sdk.scim.users import (
    EmailObject,
    EmailObjectType,
    NameObject,
    PatchUserOperation,
    PatchUserOperationOp,
    ScimUser,
    UserTypeObject,
)

from steps import EMAIL_DOMAIN, SCOPES, Simulator, Steps, arguments, bearer, holds, main, same

WEBEX = "https://webexapis.com"
# What the gateway must never send on: it replaces it by its own token.
DUMMY = "dummy"


class Elsewhere(HTTPAdapter):
    """Sends what is meant for Webex to another server."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def send(self, request, **options):
        request.url = self.address + request.url.removeprefix(WEBEX)
        return super().send(request, **options)


def walk(options):
    simulator = Simulator(options)
    direct, through = Steps("directly"), Steps("through the gateway")
    directly(direct, simulator)
    if options.gateway:
        through_gateway(through, simulator, options.gateway)
    return direct, through


def client(token, address):
    api = WebexSimpleApi(tokens=token)
    api.session.mount(WEBEX, Elsewhere(address))
    return api


# --- directly ---


def directly(steps, simulator):
    start = simulator.last_request()
    integration = Integration(
        client_id=simulator.client_id,
        client_secret=simulator.client_secret,
        scopes=SCOPES,
        redirect_url=simulator.redirect_uri,
        auth_service=simulator.api + "/v1/authorize",
        token_service=simulator.api + "/v1/access_token",
    )
    with steps.step("exchanges the code of its own authorization address"):
        state = str(uuid.uuid4())
        tokens = integration.tokens_from_code(simulator.code(integration.auth_url(state), state))
        holds(1_209_500 < tokens.remaining <= 1_209_599, f"{tokens.remaining} s remain")
        same(sorted(tokens.scope.split()), sorted(SCOPES.split()))
    with steps.step("refreshes a token that has expired"):
        simulator.expire(tokens.access_token)
        refused(client(tokens, simulator.api).people.me, 401)
        before = tokens.access_token
        same(integration.validate_tokens(tokens, min_lifetime_seconds=1_209_600), True)
        holds(tokens.access_token not in (None, before), "there is no new access token")
    with steps.step("is refused with a code that is none"):
        try:
            integration.tokens_from_code("no-code")
        except requests.HTTPError as error:
            same((error.response.status_code, error.response.json()["error"]), (400, "invalid_grant"))
        else:
            raise AssertionError("it was not")
    api = client(tokens, simulator.api)
    both_ways(steps, simulator, api)
    with steps.step("asks when its token ends"):
        ends = api.authorizations.get_token_expiration_status() / 1000
        holds(abs(ends - tokens.expires_at.timestamp()) < 60, f"it ends at {ends}")
    afterwards(steps, simulator, start)


# --- through the gateway ---


def through_gateway(steps, simulator, gateway):
    """The gateway is authorised, and has had its token for a minute: a younger one it does not refresh for a 401."""
    start = simulator.last_request()
    api = client(DUMMY, gateway)
    both_ways(steps, simulator, api)
    with steps.step("does not notice that the access token expires between two pages"):
        everybody = [person.person_id for person in api.people.list()]
        seen = []
        for person in api.people.list(max=1):
            if not seen:
                simulator.expire_all_access_tokens()
            seen.append(person.person_id)
        same(seen, everybody)
    with steps.step("has not been seen by Webex with its own token"):
        asked = [entry for entry in simulator.journal(start) if entry["path"] != "/v1/access_token"]
        senders = {value for entry in asked for name, value in entry["headers"] if name == "authorization"}
        holds(senders and senders <= simulator.bearers(), f"Webex saw {senders}")
        holds(bearer(DUMMY) not in senders, "the token of the SDK reached Webex")
    afterwards(steps, simulator, start)


# --- both ways ---


def both_ways(steps, simulator, api):
    people(steps, simulator, api)
    scim(steps, simulator, api)
    with steps.step("waits for as long as a 429 says, and succeeds"):
        rule = simulator.fault({"match": {"operation": "getMe"}, "action": {"status": 429, "retry_after": 1}, "times": 1})
        started = time.monotonic()
        same(api.people.me().emails, [simulator.administrator])
        holds(time.monotonic() - started >= 1, "it did not wait")
        same(simulator.fault_hits(rule), 1)


def people(steps, simulator, api):
    with steps.step("asks who it is"):
        me = api.people.me()
        same((me.emails, me.person_type, me.login_enabled), ([simulator.administrator], "person", True))
    with steps.step("lists and shows organisations"):
        same([found.org_id for found in api.organizations.list() if found.org_id == me.org_id], [me.org_id])
        same(api.organizations.details(me.org_id).display_name, "Acme Communications")
    with steps.step("creates people"):
        made = [api.people.create(person(number)) for number in (1, 2, 3)]
    first = made[0]
    with steps.step("lists everybody, one a page"):
        everybody = [found.person_id for found in api.people.list()]
        before = simulator.last_request()
        same([found.person_id for found in api.people.list(max=1)], everybody)
        pages = simulator.journal(before, operation="listPeople")
        same([entry["status"] for entry in pages], [200] * len(everybody))
    with steps.step("keeps the filters of a list on each page"):
        found = api.people.list(display_name="Walker ", max=1)
        same([found.person_id for found in found], [person.person_id for person in made])
    with steps.step("updates one with what it was shown"):
        shown = api.people.details(first.person_id)
        same((shown.emails, shown.display_name, shown.title), (first.emails, "Walker 1", "Tester"))
        shown.title = "Lead"
        same(api.people.update(shown).title, "Lead")
        after = api.people.details(first.person_id)
        same(after.last_modified >= shown.last_modified, True)
        same(unmodified(after), unmodified(shown))
    with steps.step("deletes them"):
        for deleted in made:
            api.people.delete_person(deleted.person_id)
    with steps.step("is told that a deleted person is not there"):
        error = refused(lambda: api.people.details(first.person_id), 404)
        holds(error.detail.tracking_id and error.detail.message, f"{error.detail!r}")


def person(number):
    return Person(
        emails=[f"walker-{number}@{EMAIL_DOMAIN}"],
        display_name=f"Walker {number}",
        first_name="Walker",
        last_name=str(number),
        title="Tester",
    )


def unmodified(person):
    return person.model_dump(exclude={"last_modified"})


def scim(steps, simulator, api):
    # SCIM has UUIDs where the rest of the API has them encoded.
    padded = api.people.me().org_id + "=="
    org = base64.urlsafe_b64decode(padded).decode().rpartition("/")[2]
    users = api.scim.users
    with steps.step("creates a user of SCIM"):
        made = users.create(org, user(1))
        same((made.user_name, made.display_name), (f"walker-1@{EMAIL_DOMAIN}", "Walker 1"))
    with steps.step("shows it"):
        same(users.details(org, made.id).model_dump(), made.model_dump())
    with steps.step("pages through all users"):
        everybody = [found.id for found in users.search_all(org)]
        before = simulator.last_request()
        same([found.id for found in users.search_all(org, count=2)], everybody)
        same(len(simulator.journal(before)), (len(everybody) + 1) // 2)
    with steps.step("finds it by a filter"):
        found = users.search(org, filter=f'userName eq "{made.user_name}"')
        same((found.total_results, [user.id for user in found.resources]), (1, [made.id]))
        same(users.search(org, filter='userName eq "nobody@example.com"').resources, [])
    with steps.step("patches it"):
        patch = PatchUserOperation(op=PatchUserOperationOp.replace, path="title", value="Lead")
        same(users.patch(org, made.id, [patch]).title, "Lead")
    with steps.step("replaces it with what it was shown"):
        shown = users.details(org, made.id)
        shown.display_name = "Walker the First"
        users.update(org, shown)
        after = users.details(org, made.id)
        same(after.model_dump(exclude={"meta"}), shown.model_dump(exclude={"meta"}))
    with steps.step("creates and deletes users in one request"):
        create = BulkOperation(method=BulkMethod.post, path="/Users", bulk_id="2", data=user(2).create_update())
        [second] = api.scim.bulk.bulk_request(org, [create]).operations
        same(second.status, 201)
        gone = [BulkOperation(method=BulkMethod.delete, path=f"/Users/{id}") for id in (second.user_id, made.id)]
        again = gone + [gone[0]]
        done = api.scim.bulk.bulk_request(org, again).operations
        same([operation.status for operation in done], [204, 204, 404])
        holds(done[2].response.error.tracking_id, f"{done[2]!r}")
    with steps.step("is told that a deleted user is not there"):
        refused(lambda: users.details(org, made.id), 404)


def user(number):
    address = f"walker-{number}@{EMAIL_DOMAIN}"
    return ScimUser(
        user_name=address,
        user_type=UserTypeObject.user,
        display_name=f"Walker {number}",
        name=NameObject(given_name="Walker", family_name=str(number)),
        emails=[EmailObject(value=address, type=EmailObjectType.work, primary=True)],
    )


def afterwards(steps, simulator, start):
    with steps.step("has asked for nothing that is not simulated"):
        same(simulator.journal(start, not_simulated="true"), [])
    with steps.step("has done nothing that it should not do"):
        same([violation["kind"] for violation in simulator.violations()], [])


def refused(call, status):
    try:
        result = call()
    except RestError as error:
        same(error.response.status_code, status)
        return error
    raise AssertionError(f"{result!r} instead of an error with {status}")


if __name__ == "__main__":
    main("wxc_sdk", walk, arguments(__doc__))
