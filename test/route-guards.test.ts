/** The guards of every route of every endpoint. An endpoint with a route without a guard does not open at all. */
import { describe, expect, test } from '@jest/globals';
import { createHttpApp, guardsOf, type HttpAppOptions, memoryRoutes } from '@vmgrid/http-api';
import { DAEMON_ROUTERS } from '@vmgrid/test-support/grids/daemon-routers.ts';
import { Router } from 'express';

const IMAGES = {
  'GET /images': 'image.list',
  'POST /images': 'image.build',
  'POST /images/verify': 'image.verify',
  'POST /images/equality': 'image.verify',
  'POST /images/collect': 'image.collect',
  'GET /images/suggestions': 'image.suggest',
  'GET /images/:from/diff/:to': 'image.diff',
  'PATCH /images/:imageId': 'image.label',
  'GET /images/:imageId': 'image.read',
  'DELETE /images/:imageId': 'image.remove',
};
const REQUESTS = {
  'GET /requests/:requestId': 'request.read',
  'GET /requests/:requestId/events': 'request.events',
  'DELETE /requests/:requestId': 'request.cancel',
};

const guardsIn = (routers: readonly Router[]) =>
  Object.fromEntries(routers.flatMap(guardsOf).map(({ route, operation }) => [route, operation]));

describe('each route says which operation it is', () => {
  test('at the shop', () => {
    expect(guardsIn(DAEMON_ROUTERS.shop)).toEqual({
      'POST /vms': 'vm.create',
      'GET /vms': 'vm.list',
      'GET /vms/events': 'vm.events',
      'GET /vms/:vmId': 'vm.query',
      'POST /vms/:vmId/configure': 'vm.configure',
      'POST /vms/:vmId/suspend': 'vm.suspend',
      'POST /vms/:vmId/resume': 'vm.resume',
      'POST /vms/:vmId/start': 'vm.start',
      'POST /vms/:vmId/renew': 'vm.renew',
      'DELETE /vms/:vmId': 'vm.destroy',
      'POST /estimates': 'vm.estimate',
      'POST /explanations': 'vm.explain',
      ...IMAGES,
      'GET /plants': 'plant.list',
      'GET /plants/events': 'plant.events',
      'GET /plants/:plantId/requests': 'plant.requests',
      'GET /auctions': 'auction.list',
      'GET /auctions/:auctionId': 'auction.read',
      'PUT /files': 'file.put',
      'GET /files': 'file.list',
      'DELETE /files/:contentDigest': 'file.remove',
      'POST /request': 'document.send',
      'GET /audit': 'audit.read',
      ...REQUESTS,
    });
  });

  test('at a plant', () => {
    expect(guardsIn(DAEMON_ROUTERS.plant)).toEqual({
      'GET /images/:imageId/archive': 'image.export',
      'POST /images/archive': 'image.import',
      ...IMAGES,
      ...REQUESTS,
    });
  });

  test('at a broker', () => {
    expect(guardsIn(DAEMON_ROUTERS.broker)).toEqual({ 'GET /plants': 'plant.list' });
  });

  test('at all of them', () => {
    expect(guardsIn([memoryRoutes()])).toEqual({ 'GET /memory': 'memory.read' });
  });
});

test.each(['routers', 'streams'])('an endpoint does not open with a route without a guard among its %s', (where) => {
  const router = Router();
  router.get('/secrets', (_request, response) => void response.json({}));
  const parts = { routers: [], readiness: () => ({ status: 'ready' }), [where]: [router] };
  expect(() => createHttpApp(parts, {} as HttpAppOptions)).toThrow('GET /secrets has no guard');
});

test('an endpoint does not open with a router inside a router, whose guards it cannot see', () => {
  const [outer, inner] = [Router(), Router()];
  outer.use('/inner', inner);
  const parts = { routers: [outer], readiness: () => ({ status: 'ready' }) };
  expect(() => createHttpApp(parts, {} as HttpAppOptions)).toThrow('a guard cannot be seen');
});
