/** ClassAds inside XML replies, in HTCondor's XML form: `<c><a n="State"><s>running</s></a></c>`. */
import { ClassAdSyntaxError, fromXml, toXml } from '@vmgrid/classad';
import { adFromJson, adToJson } from '../classads/ad-json.ts';
import type { ClassAdJson } from '../schema/replies.ts';
import { buildXml, parseXml, type XmlElement } from './element.ts';
import { invalid, openElement } from './open-element.ts';
import { element } from './write.ts';

const DEPTH = 1_024;

/** An element that holds the ad. */
export function writeAd(name: string, ad: ClassAdJson): XmlElement {
  return element(name, {}, [parseXml(toXml(adFromJson(ad)), DEPTH)]);
}

export function readAd(holder: XmlElement, path: string): ClassAdJson {
  const ad = openElement(holder, path, { children: { c: 'one' } }).one('c');
  if (ad === undefined) throw invalid(path, 'has no <c>');
  try {
    return adToJson(fromXml(buildXml(ad, 'replace')));
  } catch (thrown) {
    if (!(thrown instanceof ClassAdSyntaxError)) throw thrown;
    throw invalid(path, `holds no ClassAd: ${thrown.message}`);
  }
}
