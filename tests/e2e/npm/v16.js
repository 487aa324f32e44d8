// A day of an OCPP 1.6 station.
'use strict';

const { assert, checkStation, command, connect, now, rest, session, unknownAction } =
    require('./station');

async function main() {
    const started = [];
    const station = await connect('ocpp1.6', {
        RemoteStartTransaction: ({ idTag, connectorId }) => {
            started.push([idTag, connectorId]);
            return { status: 'Accepted' };
        },
        RemoteStopTransaction: () => ({ status: 'Accepted' }),
        GetConfiguration: ({ key = [] }) => ({
            configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '300' }],
            unknownKey: key.filter((name) => name !== 'HeartbeatInterval'),
        }),
        DataTransfer: ({ data }) => ({ status: 'Accepted', data }),
    });
    const boot = await station.call('BootNotification', {
        chargePointVendor: 'Npm',
        chargePointModel: 'Sixteen',
        firmwareVersion: '1.0',
    });
    assert.equal(boot.status, 'Accepted');
    await checkStation({ vendor: 'Npm', model: 'Sixteen', ocpp_version: '1.6', connected: true });
    const tell = (connectorId, status) =>
        station.call('StatusNotification', {
            connectorId,
            status,
            errorCode: 'NoError',
            timestamp: now(),
        });
    await tell(0, 'Available');
    await tell(1, 'Preparing');
    assert.ok((await station.call('Heartbeat', {})).currentTime.endsWith('Z'));

    const { status } = await station.call('DataTransfer', { vendorId: 'org.example', data: '{}' });
    assert.equal(status, 'UnknownVendorId');
    await station.call('DiagnosticsStatusNotification', { status: 'Idle' });
    await station.call('LogStatusNotification', { status: 'Idle' });
    await station.call('FirmwareStatusNotification', { status: 'Idle' });
    await station.call('SignedFirmwareStatusNotification', { status: 'Idle' });

    const body = { id_token: 'NPM', evse_id: 1 };
    const asked = await rest('POST', '/stations/{id}/remote-start', body);
    assert.equal(asked.status, 'accepted');
    assert.deepEqual(started, [['NPM', 1]]);
    const { idTagInfo } = await station.call('Authorize', { idTag: 'NPM' });
    assert.equal(idTagInfo.status, 'Accepted');
    const { transactionId } = await station.call('StartTransaction', {
        connectorId: 1,
        idTag: 'NPM',
        meterStart: 1000,
        timestamp: now(),
    });
    await tell(1, 'Charging');
    for (const value of ['1500', '2500']) {
        const sampledValue = [
            { value, context: 'Sample.Periodic', unit: 'Wh' },
            { value: '7.2', measurand: 'Power.Active.Import', unit: 'kW' },
        ];
        await station.call('MeterValues', {
            connectorId: 1,
            transactionId,
            meterValue: [{ timestamp: now(), sampledValue }],
        });
    }
    const running = await session();
    assert.deepEqual([running.status, running.energy_wh, running.power_w], ['active', 1500, 7200]);
    const stopping = await rest('POST', '/stations/{id}/remote-stop', { evse_id: 1 });
    assert.equal(stopping.status, 'accepted');
    const stopped = await station.call('StopTransaction', {
        transactionId,
        idTag: 'NPM',
        meterStop: 4000,
        timestamp: now(),
        reason: 'Remote',
    });
    assert.equal(stopped.idTagInfo.status, 'Accepted');
    await tell(1, 'Available');
    const over = await session();
    assert.deepEqual([over.status, over.energy_wh, over.stop_reason], ['ended', 3000, 'Remote']);
    assert.equal(over.operation_id, asked.id);

    const read = await command('GetConfiguration', { key: ['HeartbeatInterval', 'Nonsense'] });
    assert.deepEqual(read.response.unknownKey, ['Nonsense']);
    const sent = await command('DataTransfer', { vendorId: 'org.example', data: 'x' });
    assert.deepEqual(sent.response, { status: 'Accepted', data: 'x' });
    assert.equal((await command('ClearCache', {})).status, 'unsupported');
    await station.close();
    await unknownAction('ocpp1.6');
}

main();
