import { expect, test } from '@jest/globals';
import { parseClassAd } from '@vmgrid/classad';
import { AdPublisher, type AdPublisherDeps } from '../../src/bids/ad-publisher.ts';

function publisher(adOf: AdPublisherDeps['bidService']['ad']) {
  const told: unknown[] = [];
  const deps: AdPublisherDeps = {
    bidService: { ad: adOf },
    offers: { changed: async () => void told.push('offers') },
    links: { notify: (event, value) => void told.push([event, value]) },
    log: { error: (_: object, text: string) => void told.push(text) } as never,
  };
  return { told, publisher: new AdPublisher(deps) };
}

test('those above are told the ad, then what bids depend on; making it anew tells nobody', async () => {
  let usage = 1;
  const { told, publisher: ads } = publisher(async () => parseClassAd(`[ Vms = ${usage} ]`));
  await ads.renew();
  expect(ads.ad).toEqual({ Vms: 1 });
  expect(told).toEqual([]);
  usage = 2;
  await ads.changed();
  expect(told).toEqual([['ad', { Vms: 2 }], 'offers']);
});

test('an ad that cannot be made is logged, and nobody waits for it in vain', async () => {
  const { told, publisher: ads } = publisher(() => Promise.reject(new Error('no warehouse')));
  await ads.changed();
  expect(told).toEqual(['the ad could not be renewed']);
  expect(ads.ad).toEqual({});
});
