// A session as a shop's bot keeps it: exactly 1 KiB of JSON text. All cases use it.
export const session = {
  id: 'telegram:4815162342',
  platform: 'telegram',
  user: {
    id: '4815162342',
    firstName: 'Anna',
    lastName: 'Lindqvist',
    username: 'anna.lindqvist',
    languageCode: 'sv',
    isBot: false,
  },
  lastActivity: 1_764_000_000_000,
  _state: {
    step: 'choose-delivery',
    asking: true,
    nickname: 'Anna',
    visits: 17,
    address: {
      street: 'Östra Hamngatan 52, 3 tr',
      postalCode: '411 09',
      city: 'Göteborg',
      country: 'SE',
      location: { latitude: 57.70887, longitude: 11.97456 },
    },
    cart: [
      { sku: 'TEA-0042', name: 'Darjeeling first flush', quantity: 2, price: 12.5, gift: false },
      { sku: 'CUP-0007', name: 'Stoneware cup, sea green', quantity: 4, price: 18, gift: false },
      { sku: 'POT-0003', name: 'Cast iron pot, 0.8 litres', quantity: 1, price: 64.9, gift: true },
    ],
    coupon: null,
    flags: { newsletter: true, returning: true, beta: false, tutorialSeen: true },
    lastOrders: ['2025-0031877', '2025-0047712', '2025-0052290'],
    note: 'Please leave the parcel with the neighbour on the second floor, and ring twice; the bell is quite quiet when it rains in the garden.',
  },
};
