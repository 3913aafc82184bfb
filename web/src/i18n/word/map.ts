/** The map. */
export const zh = {
  zoom_in: '放大',
  zoom_out: '缩小',
  locate: '定位',
  locate_denied: '没有定位权限，按地图中心排序',
  locate_failed: '暂时定位不到，按地图中心排序',
  whole: '回到全域',
  map_label: '地图',
  layer_address: '地址点',
  layer_grid: '网格界',
  layer_building: '房屋',
  cluster_n: '{n} 个地址',
  magnifier: '放大镜',
  old_pin: '原位置',
  new_pin: '建议位置',
} as const;

export const en: Record<keyof typeof zh, string> = {
  zoom_in: 'Zoom in',
  zoom_out: 'Zoom out',
  locate: 'My position',
  locate_denied: "No leave to use your position; sorted from the map's centre",
  locate_failed: "Position not found; sorted from the map's centre",
  whole: 'Whole area',
  map_label: 'Map',
  layer_address: 'Addresses',
  layer_grid: 'Grid borders',
  layer_building: 'Buildings',
  cluster_n: '{n} addresses',
  magnifier: 'Magnifier',
  old_pin: 'Old place',
  new_pin: 'Suggested place',
};
