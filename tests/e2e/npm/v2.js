// A day of an OCPP 2.0.1 or 2.1 station; the subprotocol is the argument.
'use strict';

const { assert, checkStation, command, connect, now, rest, session, unknownAction } =
    require('./station');

const protocol = process.argv[2];
const heartbeat = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } };
const meter = (value, context) => ({
    timestamp: now(),
    sampledValue: [
        { value, context, unitOfMeasure: { unit: 'Wh' } },
        { value: 7.2, context, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W', multiplier: 3 } },
    ],
});

async function main() {
    const started = [];
    const station = await connect(protocol, {
        RequestStartTransaction: ({ idToken, evseId, remoteStartId }) => {
            started.push([idToken.idToken, evseId, remoteStartId]);
            return { status: 'Accepted' };
        },
        RequestStopTransaction: () => ({ status: 'Accepted' }),
        GetVariables: ({ getVariableData }) => ({
            getVariableResult: getVariableData.map(({ component, variable }) => ({
                component,
                variable,
                ...(variable.name === 'HeartbeatInterval'
                    ? { attributeStatus: 'Accepted', attributeValue: '300' }
                    : { attributeStatus: 'UnknownVariable' }),
            })),
        }),
        DataTransfer: ({ data }) => ({ status: 'Accepted', data }),
        // What a server may ask by itself after a boot.
        GetBaseReport: () => ({ status: 'NotSupported' }),
    });
    const boot = await station.call('BootNotification', {
        reason: 'PowerUp',
        chargingStation: { vendorName: 'Npm', model: 'Twenty', firmwareVersion: '2.0' },
    });
    assert.equal(boot.status, 'Accepted');
    const version = protocol.replace('ocpp', '');
    await checkStation({ vendor: 'Npm', model: 'Twenty', ocpp_version: version, connected: true });
    const tell = (connectorStatus) =>
        station.call('StatusNotification', {
            timestamp: now(),
            connectorStatus,
            evseId: 1,
            connectorId: 1,
        });
    await tell('Available');
    assert.ok((await station.call('Heartbeat', {})).currentTime.endsWith('Z'));

    const { status } = await station.call('DataTransfer', { vendorId: 'org.example', data: { a: 1 } });
    assert.equal(status, 'UnknownVendorId');
    await station.call('LogStatusNotification', { status: 'Idle' });
    await station.call('FirmwareStatusNotification', { status: 'Idle' });
    await station.call('MeterValues', { evseId: 1, meterValue: [meter(900, 'Sample.Clock')] });
    await station.call('SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp: now() });
    await station.call('NotifyEvent', {
        generatedAt: now(),
        seqNo: 0,
        eventData: [
            {
                eventId: 1,
                timestamp: now(),
                trigger: 'Delta',
                actualValue: 'Available',
                eventNotificationType: 'HardWiredNotification',
                component: { name: 'Connector', evse: { id: 1, connectorId: 1 } },
                variable: { name: 'AvailabilityState' },
            },
        ],
    });

    const body = { id_token: 'NPM', evse_id: 1 };
    const asked = await rest('POST', '/stations/{id}/remote-start', body);
    assert.equal(asked.status, 'accepted');
    const [[token, evse, remoteStartId]] = started;
    assert.deepEqual([token, evse], ['NPM', 1]);
    const idToken = { idToken: 'NPM', type: 'Central' };
    const { idTokenInfo } = await station.call('Authorize', { idToken });
    assert.equal(idTokenInfo.status, 'Accepted');
    const transactionId = `${version}-transaction`;
    const event = (eventType, seqNo, triggerReason, more = {}, info = {}) =>
        station.call('TransactionEvent', {
            eventType,
            timestamp: now(),
            triggerReason,
            seqNo,
            transactionInfo: { transactionId, ...info },
            ...more,
        });
    const begun = await event(
        'Started',
        0,
        'RemoteStart',
        { idToken, evse: { id: 1, connectorId: 1 }, meterValue: [meter(1000, 'Transaction.Begin')] },
        { remoteStartId, chargingState: 'EVConnected' },
    );
    assert.equal(begun.idTokenInfo.status, 'Accepted');
    await tell('Occupied');
    await event('Updated', 1, 'ChargingStateChanged', {}, { chargingState: 'Charging' });
    for (const [seqNo, value] of [[2, 1500], [3, 2500]]) {
        await event('Updated', seqNo, 'MeterValuePeriodic', { meterValue: [meter(value, 'Sample.Periodic')] });
    }
    const running = await session();
    assert.deepEqual([running.status, running.energy_wh, running.power_w], ['active', 1500, 7200]);
    const stopping = await rest('POST', '/stations/{id}/remote-stop', { evse_id: 1 });
    assert.equal(stopping.status, 'accepted');
    await event(
        'Ended',
        4,
        'RemoteStop',
        { meterValue: [meter(4000, 'Transaction.End')] },
        { stoppedReason: 'Remote', chargingState: 'Idle' },
    );
    await tell('Available');
    const over = await session();
    assert.deepEqual([over.status, over.energy_wh, over.stop_reason], ['ended', 3000, 'Remote']);
    assert.equal(over.transaction_id, transactionId);
    assert.equal(over.operation_id, asked.id);

    const nonsense = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'Nonsense' } };
    const read = await command('GetVariables', { getVariableData: [heartbeat, nonsense] });
    const results = read.response.getVariableResult.map((result) => result.attributeStatus);
    assert.deepEqual(results, ['Accepted', 'UnknownVariable']);
    const sent = await command('DataTransfer', { vendorId: 'org.example', data: ['x'] });
    assert.deepEqual(sent.response, { status: 'Accepted', data: ['x'] });
    assert.equal((await command('ClearCache', {})).status, 'unsupported');
    if (version === '2.1') {
        await only21(station);
    }
    await station.close();
    await unknownAction(protocol);
}

/** What 2.0.1 does not have. */
async function only21(station) {
    await station.call('NotifyDERAlarm', { controlType: 'FreqDroop', timestamp: now() });
    await station.call('NotifyPriorityCharging', { transactionId: '2.1-transaction', activated: true });
    const vat = await station.call('VatNumberValidation', { vatNumber: 'NL123' });
    assert.equal(vat.vatNumber, 'NL123');
    const stream = { id: 1, variableMonitoringId: 1, params: { interval: 10 } };
    const opened = await station.call('OpenPeriodicEventStream', { constantStreamData: stream });
    assert.ok(['Accepted', 'Rejected'].includes(opened.status));
}

main();
