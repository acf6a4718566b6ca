import { libvirtLineContract } from './libvirt-line.contract.ts';

libvirtLineContract('whole');
