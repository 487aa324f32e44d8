// A charging station of the ocpp-rpc library, and the server's REST API beside it.
//
// Everything is validated by the library's own copy of the schemas, in both directions.
'use strict';

const assert = require('node:assert/strict');
const { RPCClient, createRPCError, createValidator } = require('ocpp-rpc');

const { OCPP_URL, API_URL, API_TOKEN, IDENTITY } = process.env;

// The library looks its schemas up under names that those of 2.1 do not have.
const schemas21 = require('ocpp-rpc/lib/schemas/ocpp2_1.json').map((schema) => ({
    ...schema,
    $id: schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf'),
}));

/** Connect; `handlers` answer the server by action, everything else is not implemented. */
async function connect(protocol, handlers = {}, strictMode = true) {
    const station = new RPCClient({
        endpoint: OCPP_URL,
        identity: IDENTITY,
        protocols: [protocol],
        strictMode,
        strictModeValidators: [createValidator('ocpp2.1', schemas21)],
        reconnect: false,
        callTimeoutMs: 20_000,
    });
    station.on('strictValidationFailure', ({ error }) => {
        console.error('not valid:', error.message);
        process.exitCode = 1;
    });
    for (const [action, answer] of Object.entries(handlers)) {
        station.handle(action, ({ params }) => answer(params));
    }
    station.handle(({ method }) => {
        throw createRPCError('NotImplemented', `${method} is not for this station`);
    });
    await station.connect();
    assert.equal(station.protocol, protocol);
    return station;
}

/** Call the REST API under the station's path; the answer's body. */
async function rest(method, path, body) {
    const answer = await fetch(`${API_URL}/api/v1${path.replace('{id}', IDENTITY)}`, {
        method,
        headers: { Authorization: `Bearer ${API_TOKEN}`, 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
}

/** Send any message through the API; the operation. */
const command = (action, payload) =>
    rest('POST', '/stations/{id}/commands', { action, payload });

/** The only session of the station. */
async function session() {
    const { items } = await rest('GET', '/sessions?station={id}');
    assert.equal(items.length, 1, JSON.stringify(items));
    return items[0];
}

/** What the station says of itself is what the API shows. */
async function checkStation(expected) {
    const shown = await rest('GET', '/stations/{id}');
    for (const [field, value] of Object.entries(expected)) {
        assert.deepEqual(shown[field], value, field);
    }
}

/** A message that no version has is NotImplemented; ours is not checked for this one. */
async function unknownAction(protocol) {
    const station = await connect(protocol, {}, false);
    await assert.rejects(
        station.call('NoSuchAction', {}),
        (error) => error.rpcErrorCode === 'NotImplemented',
    );
    assert.ok((await station.call('Heartbeat', {})).currentTime.endsWith('Z'));
    await station.close();
}

const now = () => new Date().toISOString();

module.exports = { assert, checkStation, command, connect, now, rest, session, unknownAction };
